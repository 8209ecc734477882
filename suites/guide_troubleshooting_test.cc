// The guide, "Troubleshooting": each fault is made on purpose, and the rig's own failure text must name it.
#include <netrig/fixtures/bridged_hosts_test.h>
#include <netrig/fixtures/nat_gateway_test.h>
#include <netrig/fixtures/routed_subnets_test.h>
#include <netrig/nft/presets.h>
#include <netrig/suites/tools.h>
#include <netrig/testing/reach.h>
#include <netrig/testing/skip.h>
#include <netrig/testing/state.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netrig {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// What EXPECT_THAT would print for a subject that does not match; a note of it when it does.
template <class Subject>
std::string failure_text(const Subject& subject, const ::testing::Matcher<const Subject&>& matcher) {
  ::testing::StringMatchResultListener listener;
  if (matcher.MatchAndExplain(subject, &listener)) return "(it matched: " + listener.str() + ")";
  return listener.str();
}

class GuideTroubleshooting : public RoutedSubnetsTest {
 protected:
  std::string ping_failure(AddressFamily family = AddressFamily::ipv4) {
    return failure_text(left(), CanReach(right().address(family), traffic::icmp()));
  }
};

TEST_F(GuideTroubleshooting, NodesAreIsolatedUntilRoutesJoinThem) {
  proves("a namespace has lo and its veth, nothing of the host's, and another identity than pid 1");
  EXPECT_THAT(left(), HasOnlyInterfaces({"eth0"}));
  const auto own = trimmed(left().exec({"readlink", "/proc/self/ns/net"}).out);
  EXPECT_EQ(own, left().network().id().to_string());
  EXPECT_NE(own, trimmed(left().exec({"readlink", "/proc/1/ns/net"}).out));
}

TEST_F(GuideTroubleshooting, NamesMissingForwarding) {
  proves("the failure says that the router does not forward");
  router().set_forwarding(false);
  EXPECT_THAT(ping_failure(), HasSubstr("\"router\" does not forward IPv4: net.ipv4.ip_forward is 0"));
  EXPECT_THAT(ping_failure(AddressFamily::ipv6),
              HasSubstr("\"router\" does not forward IPv6: net.ipv6.conf.all.forwarding is 0"));
}

TEST_F(GuideTroubleshooting, NamesAMissingRoute) {
  proves("the failure says that the source has no route");
  netlink::Route default_route{.destination = IpPrefix::any(AddressFamily::ipv4)};
  default_route.hops = {{.via = router().address("left")}};
  left().remove_route(default_route);
  EXPECT_THAT(ping_failure(), HasSubstr("\"left1\" has no route to " + right().address().to_string()));
}

TEST_F(GuideTroubleshooting, NamesAMissingRouteBack) {
  proves("the failure says that the answer has no way back");
  netlink::Route default_route{.destination = IpPrefix::any(AddressFamily::ipv4)};
  default_route.hops = {{.via = router().address("right")}};
  right().remove_route(default_route);
  EXPECT_THAT(ping_failure(), HasSubstr("on the way back: \"right1\" has no route to " + left().address().to_string()));
}

TEST_F(GuideTroubleshooting, NamesTheRuleThatDrops) {
  proves("the failure names table, chain, number, handle and text of the DROP rule");
  nft::Transaction change;
  change.add(nft::forward_policy(nft::Policy::accept))
      .add(nft::forward_chain(), nft::Rule{}.counter().comment("nothing passes").drop());
  router().change_rules(change);
  EXPECT_THAT(ping_failure(),
              AllOf(HasSubstr("dropped at \"router\": table inet filter, chain forward, rule 1 (handle "),
                    HasSubstr("\"nothing passes\""), HasSubstr("drop")));
}

TEST_F(GuideTroubleshooting, NamesTheDropRuleThatIptablesMade) {
  proves("a DROP rule of iptables is named too");
  NETRIG_NEEDS_TOOL("iptables");
  ASSERT_TRUE(router().exec({"iptables", "-A", "FORWARD", "-j", "DROP"}).status.success());
  EXPECT_THAT(ping_failure(), AllOf(HasSubstr("dropped at \"router\""), HasSubstr("chain FORWARD, rule 1")));
}

TEST_F(GuideTroubleshooting, NamesThePolicyThatDrops) {
  proves("a chain's drop policy is named");
  router().add_rules(nft::forward_policy(nft::Policy::drop));
  EXPECT_THAT(ping_failure(), AllOf(HasSubstr("dropped at \"router\""), HasSubstr("policy drop")));
}

TEST_F(GuideTroubleshooting, NamesTheOwnEndThatIsDown) {
  proves("the failure says which interface is down");
  left().set_link_down("eth0");
  EXPECT_THAT(ping_failure(), HasSubstr("\"left1\" eth0 is down"));
}

TEST_F(GuideTroubleshooting, NamesThePeerThatIsDown) {
  NETRIG_NEEDS_TOOL("ip");
  proves("the failure names the cable whose far end is down");
  router().set_link_down("left");
  EXPECT_THAT(ping_failure(), HasSubstr("link left1:eth0 - router:left: the far end is down"));
  const auto shown = left().exec({"ip", "link", "show", "eth0"}).out;
  EXPECT_THAT(shown, HasSubstr("NO-CARRIER"));
  router().set_link_up("left");
  EXPECT_THAT(lab().link("left1", "router"), IsUp());
}

TEST_F(GuideTroubleshooting, NamesTheNeighbourThatDoesNotAnswer) {
  proves("the failure says that nobody answered ARP");
  const auto nobody = IpAddress::parse("10.10.1.77").value();
  EXPECT_THAT(failure_text(left(), CanReach(nobody, traffic::icmp())),
              HasSubstr("no neighbour: 10.10.1.77 did not answer ARP on \"left1\" eth0"));
}

TEST_F(GuideTroubleshooting, NamesTheServiceThatDoesNotListen) {
  proves("the failure says that nothing listens, where it could be a firewall");
  EXPECT_THAT(failure_text(left(), CanReach(right().address(), traffic::tcp(631))),
              HasSubstr("nothing listens on tcp/631 at \"right1\" (refused)"));
  EXPECT_THAT(failure_text(left(), CanReach(right().address(), traffic::udp(631))),
              HasSubstr("nothing listens on udp/631 at \"right1\" (refused)"));
}

TEST_F(GuideTroubleshooting, SaysHowToRunTheTestAgain) {
  proves("the failure ends with the command that repeats this one test");
  EXPECT_THAT(failure_text(left(), CanReach(right().address(), traffic::tcp(631))),
              AllOf(HasSubstr("again: "), HasSubstr("SaysHowToRunTheTestAgain")));
}

TEST_F(GuideTroubleshooting, TcpdumpShowsTheProbe) {
  proves("tcpdump on the router's veth sees the echo that the rig sent");
  NETRIG_NEEDS_TOOL("tcpdump");
  if (trimmed(router().exec({"cat", "/proc/self/setgroups"}).out) == "deny") {
    NETRIG_SKIP(
        "subordinate-ids",
        "tcpdump gives up its groups when it starts as uid 0, which the kernel denies where one id alone is mapped");
  }
  auto dump = router().start({"tcpdump", "-Z", "root", "-i", "left", "-n", "-l", "-c", "2", "icmp"},
                             process::output_line("listening on left"));
  ASSERT_THAT(left(), CanReach(right().address(), traffic::icmp()));
  const auto ended = dump.wait(Deadline::after(std::chrono::seconds{10}));
  ASSERT_TRUE(ended) << ended.error();
  EXPECT_THAT(dump.stdout_text(), AllOf(HasSubstr("ICMP echo request"), HasSubstr(left().address().to_string() + " > " +
                                                                                  right().address().to_string())));
}

TEST_F(GuideTroubleshooting, ACutCableComesBackAsItWas) {
  proves("a cable that was unplugged works again with its addresses and routes");
  {
    const auto cut = lab().link("left1", "router").down();
    EXPECT_THAT(lab().link("left1", "router"), ::testing::Not(IsUp()));
    EXPECT_THAT(left(), CannotReach(right(), traffic::icmp()));
  }
  EXPECT_THAT(lab().link("left1", "router"), IsUp());
  EXPECT_THAT(left(), CanReach(right(), traffic::icmp()));
}

class GuideIsolation : public LabTest {};

TEST_F(GuideIsolation, UnconnectedNodesShareNothing) {
  proves("two nodes without a cable share no namespace and no route");
  Topology topology;
  topology.link(topology.host("a"), topology.host("b"));
  topology.link(topology.host("c"), topology.host("d"));
  build(topology);
  EXPECT_THAT(node("a"), IsIsolatedFrom(node("c")));
  EXPECT_THAT(node("a"), ::testing::Not(IsIsolatedFrom(node("b"))));
}

}  // namespace
}  // namespace netrig
