// A stateful firewall: who began a conversation decides, in both address families, by nft and by iptables.
#include <netrig/fixtures/routed_subnets_test.h>
#include <netrig/suites/firewall/crafted.h>
#include <netrig/suites/tools.h>
#include <netrig/testing/eventually.h>
#include <netrig/topology/explain.h>
#include <netrig/topology/plan.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace netrig {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;

// Left is inside, right is outside.
class StatefulFirewallTest : public RoutedSubnetsTest {
 protected:
  static constexpr AddressFamily kFamilies[] = {AddressFamily::ipv4, AddressFamily::ipv6};

  void load(const std::string& states = "established,related") {
    router().load_ruleset_text(fmt::format(R"(
      table inet filter {{
        chain forward {{
          type filter hook forward priority filter; policy drop;
          ct state invalid counter drop comment "invalid"
          ct state {} accept comment "answers"
          iifname "left" ct state new accept comment "from the inside"
        }}
      }})",
                                           states));
  }
  std::uint64_t count(const char* comment) { return router().rules().find_comment(comment)->count()->packets; }
};

TEST_F(StatefulFirewallTest, LetsTheInsideBeginAndTheOutsideAnswer) {
  load();
  const auto web = right().listen(tcp(80)), names = right().listen(udp(53));
  for (const auto& service : {tcp(80), udp(53), icmp()}) EXPECT_THAT(left(), CanReach(right(), service));
}

TEST_F(StatefulFirewallTest, LetsTheOutsideBeginNothing) {
  load();
  for (const auto& service : {tcp(80), udp(53), icmp()})
    EXPECT_THAT(right(), CannotReach(left(), service, Because(Verdict::dropped).by_policy().at(router())));
}

TEST_F(StatefulFirewallTest, KnowsAConversationByBothItsEnds) {
  proves("an answer from another port is nobody's answer: the kernel, and conntrack(8), know the pair");
  load();
  const auto web = right().listen(tcp(80));
  ASSERT_THAT(left(), CanReach(right().address(), tcp(80)));
  EXPECT_THAT(right(), CannotReach(left().address(), tcp(80), Because(Verdict::dropped).by_policy()));
  NETRIG_NEEDS_TOOL("conntrack");
  const auto table = router().exec({"conntrack", "-L", "-p", "tcp"}).out;
  EXPECT_THAT(table, AllOf(HasSubstr("src=" + left().address().to_string()), HasSubstr("dport=80"),
                           HasSubstr("src=" + right().address().to_string()), HasSubstr("sport=80")));
}

TEST_F(StatefulFirewallTest, LetsErrorsInThatAreRelated) {
  proves("the error about a datagram comes in as related, and not without");
  load();
  for (const auto family : kFamilies)
    EXPECT_THAT(left(), CannotReach(right().address(family), udp(9), Verdict::no_listener));
  router().flush_rules();
  load("established");
  for (const auto family : kFamilies) {
    const auto path = explain(left(), right().address(family), udp(9));  // CannotReach would listen there
    EXPECT_EQ(path.verdict, Verdict::dropped) << path;
    EXPECT_THAT(path.to_string(), HasSubstr("dropped at \"router\"")) << path;
    EXPECT_THAT(path.to_string(), HasSubstr("policy")) << path;
  }
}

TEST_F(StatefulFirewallTest, DropsWhatBelongsToNoConversation) {
  proves("a reset out of nothing is invalid, in both families");
  load();
  std::uint64_t dropped = 0;
  for (const auto family : kFamilies) {
    const auto* cable = &right().plan().interfaces.front();
    office::send_frame(right(), cable->index, router().plan().on("right")->mac,
                       office::tcp_packet(right().address(family), left().address(family), 80, office::kRst));
    ++dropped;
    EXPECT_TRUE(eventually(10s, [&] { return count("invalid") == dropped; })) << count("invalid");
  }
}

TEST_F(StatefulFirewallTest, IsTheSameByIptables) {
  proves("`-m conntrack --ctstate` does what `ct state` does, in both families");
  NETRIG_NEEDS_TOOL("iptables");
  NETRIG_NEEDS_TOOL("ip6tables");
  for (const auto* tool : {"iptables", "ip6tables"}) {
    const auto done =
        router().exec(process::sh(fmt::format("set -e\n"
                                              "{0} -P FORWARD DROP\n"
                                              "{0} -A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT\n"
                                              "{0} -A FORWARD -i left -m conntrack --ctstate NEW -j ACCEPT\n",
                                              tool)));
    ASSERT_TRUE(done.success()) << done.err;
  }
  const auto web = right().listen(tcp(80)), names = right().listen(udp(53));
  for (const auto& service : {tcp(80), udp(53), icmp()}) {
    EXPECT_THAT(left(), CanReach(right(), service));
    EXPECT_THAT(right(), CannotReach(left(), service, Because(Verdict::dropped).by_policy().at(router())));
  }
}

}  // namespace
}  // namespace netrig
