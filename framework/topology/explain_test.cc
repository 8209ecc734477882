// One probe explained: by rules of every kind, and by what no rule decides. A client, a gateway, a server; both
// families.
#include <netrig/nft/presets.h>
#include <netrig/testing/skip.h>
#include <netrig/topology/explain.h>
#include <netrig/topology/lab.h>
#include <netrig/topology/test_topologies.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

namespace netrig {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;
using traffic::icmp;
using traffic::tcp;
using traffic::udp;

// Long: only what is not explained by evidence waits for it.
constexpr ExplainOptions kPatient{.patience = 30s};

class ExplainTest : public ::testing::TestWithParam<AddressFamily> {
 protected:
  [[nodiscard]] Path asked(const traffic::Service& service, const ExplainOptions& options = kPatient) const {
    return explain(client_, to(), service, options);
  }
  [[nodiscard]] IpAddress to() const { return server_.address(GetParam()); }
  [[nodiscard]] bool v4() const { return GetParam() == AddressFamily::ipv4; }

  const Lab lab_{test::behind_a_gateway()};
  const Node client_ = lab_["client"], gw_ = lab_["gw"], server_ = lab_["server"];
};

std::string family_name(const ::testing::TestParamInfo<AddressFamily>& family) {
  return family.param == AddressFamily::ipv4 ? "IPv4" : "IPv6";
}
INSTANTIATE_TEST_SUITE_P(Families, ExplainTest, ::testing::Values(AddressFamily::ipv4, AddressFamily::ipv6),
                         family_name);

TEST_P(ExplainTest, AnAnsweredQuestionShowsItsWayThereAndBack) {
  for (const auto& service : {tcp(80), udp(53), icmp()}) {
    std::optional<traffic::Listener> listener;
    if (!service.is_icmp()) listener = server_.listen(service);
    const auto path = asked(service);
    EXPECT_EQ(path.verdict, Verdict::accepted) << path;
    EXPECT_TRUE(path.vouched && path.proven);
    EXPECT_EQ(to_string(path.there), "client eth0 -> gw eth0 -> gw eth1 -> server eth0 -> delivered") << path;
    EXPECT_THAT(to_string(path.back), StartsWith("server eth0 -> gw eth1 -> gw eth0 -> client eth0")) << path;
    EXPECT_EQ(path.translation, "");
  }
}

TEST_P(ExplainTest, NamesTheRuleThatDropsInAnyChainOfAnyNode) {
  const auto web = server_.listen(tcp(80));
  struct Case {
    const Node& node;
    const char* hook;
    const char* way;
  };
  for (const auto& [node, hook, way] :
       {Case{client_, "output", "guard t rule 2 drop"},
        Case{gw_, "prerouting", "client eth0 -> gw eth0 -> guard t rule 2 drop"},
        Case{gw_, "forward", "client eth0 -> gw eth0 -> guard t rule 2 drop"},
        Case{gw_, "postrouting", "client eth0 -> gw eth0 -> guard t rule 2 drop"},
        Case{server_, "input", "client eth0 -> gw eth0 -> gw eth1 -> server eth0 -> guard t rule 2 drop"}}) {
    node.load_ruleset_text(
        std::string{"table inet t { chain guard { type filter hook "} + hook +
        " priority 0; udp dport 80 accept; tcp dport { 22, 80 } counter drop comment \"no web\"; }; }");
    const auto path = asked(tcp(80));
    EXPECT_EQ(path.verdict, Verdict::dropped) << path;
    EXPECT_THAT(path.reason,
                MatchesRegex("dropped at \"" + node.name() +
                             "\": table inet t, chain guard, rule 2 \\(handle [0-9]+\\) \"no web\": tcp dport . "
                             "(22, 80|80, 22) . counter drop"));
    EXPECT_EQ(path.node, node.name());
    ASSERT_TRUE(path.rule);
    EXPECT_EQ(path.rule->rule.handle, node.ruleset().find_comment("no web")->handle);
    EXPECT_EQ(to_string(path.there), way);
    EXPECT_TRUE(path.proven && path.vouched) << path;
    node.flush_rules();
  }
}

TEST_P(ExplainTest, NamesAPolicyAndARuleBehindJumps) {
  gw_.load_ruleset_text(R"(table inet t {
    chain guests { meta l4proto tcp goto web; }
    chain web { tcp dport 80 drop comment "not from guests"; }
    chain guard { type filter hook forward priority 0; policy drop; iifname "eth0" jump guests; ct state established accept; }
  })");
  EXPECT_THAT(asked(tcp(80)).reason,
              MatchesRegex(".*chain web, rule 1 .handle [0-9]+. \"not from guests\": tcp dport 80 drop"));
  const auto policy = asked(udp(53));
  EXPECT_EQ(policy.reason, "dropped at \"gw\": table inet t, chain guard: policy drop");
  EXPECT_TRUE(policy.rule && policy.rule->is_policy());
}

TEST_P(ExplainTest, TellsEachKindOfReject) {
  const auto web = server_.listen(tcp(80));
  for (const std::string how : {"reject", "reject with tcp reset", "reject with icmpx admin-prohibited",
                                "reject with icmpx host-unreachable"}) {
    gw_.load_ruleset_text("table inet t { chain guard { type filter hook forward priority 0; meta l4proto tcp " + how +
                          "; }; }");
    const auto path = asked(tcp(80));
    EXPECT_EQ(path.verdict, Verdict::rejected) << path;
    EXPECT_THAT(path.reason, AllOf(StartsWith("rejected at \"gw\": table inet t, chain guard, rule 1"),
                                   HasSubstr(": meta l4proto tcp reject")));
    EXPECT_THAT(path.probe, AnyOf(StartsWith("refused by "), StartsWith("rejected by "))) << how;
    EXPECT_THAT(to_string(path.back), StartsWith("gw eth0 -> client eth0")) << path;
    gw_.flush_rules();
  }
}

TEST_P(ExplainTest, FollowsTranslationInBothDirections) {
  const auto web = server_.listen(tcp(80));
  const std::string server_address = to().to_string();
  gw_.load_ruleset_text(
      "table inet nat {\n"
      "  chain pre { type nat hook prerouting priority dstnat; iifname eth0 tcp dport 8080 dnat " +
      std::string{v4() ? "ip to " + server_address : "ip6 to [" + server_address + "]"} +
      ":80; }\n  chain post { type nat hook postrouting priority srcnat; oifname eth1 masquerade; }\n}\n");
  const auto path = explain(client_, gw_.address("lan", GetParam()), tcp(8080), kPatient);
  EXPECT_EQ(path.verdict, Verdict::accepted) << path;
  const auto there = to_string(path.there);
  EXPECT_THAT(there,
              StartsWith("client eth0 -> gw eth0 -> pre nat rule 1 accept -> dnat to " +
                         traffic::Endpoint{to(), Port{80}}.to_string() + " -> post nat rule 1 accept -> snat to "));
  EXPECT_THAT(there, ::testing::EndsWith(" -> gw eth1 -> server eth0 -> delivered"));
  EXPECT_THAT(path.translation, StartsWith("dnat to "));
  EXPECT_THAT(to_string(path.back), StartsWith("server eth0 -> gw eth1 -> ")) << path;
}

TEST_P(ExplainTest, TellsADropOnTheWayBack) {
  const auto web = server_.listen(tcp(80));
  gw_.load_ruleset_text("table inet t { chain guard { type filter hook forward priority 0; tcp sport 80 drop; }; }");
  const auto path = asked(tcp(80));
  EXPECT_THAT(path.reason, StartsWith("on the way back: dropped at \"gw\": table inet t, chain guard, rule 1"));
  EXPECT_THAT(to_string(path.there), ::testing::EndsWith("delivered"));
  EXPECT_EQ(to_string(path.back), "server eth0 -> gw eth1 -> guard t rule 1 drop");
}

TEST_P(ExplainTest, DistinguishesClosedPortsFromFirewalls) {
  const auto path = asked(tcp(631));
  EXPECT_EQ(path.verdict, Verdict::no_listener) << path;
  EXPECT_EQ(path.reason, "nothing listens on tcp/631 at \"server\" (refused)");
  EXPECT_TRUE(path.proven);
  EXPECT_EQ(asked(udp(631)).verdict, Verdict::no_listener);
}

TEST_P(ExplainTest, TellsWhatNoRuleDecides) {
  gw_.set_forwarding(GetParam(), false);
  const auto stopped = asked(tcp(80));
  EXPECT_EQ(stopped.verdict, Verdict::not_forwarded) << stopped;
  EXPECT_THAT(stopped.reason, HasSubstr("\"gw\" does not forward"));
  EXPECT_THAT(to_string(stopped.there), "client eth0 -> gw eth0");
  gw_.set_forwarding(GetParam(), true);

  const auto nowhere = IpAddress::parse(v4() ? "10.0.2.77" : "fd00:2::77").value();
  server_.set_link_down("eth0");
  const auto dead = explain(client_, nowhere, icmp(), kPatient);
  EXPECT_EQ(dead.verdict, Verdict::link_down) << dead;
  EXPECT_TRUE(dead.proven);
}

TEST_P(ExplainTest, TellsThatTheSenderHasNoRoute) {
  const auto elsewhere = IpAddress::parse(v4() ? "198.51.100.1" : "2001:db8:5::1").value();
  for (const auto& route : client_.snapshot().routes) {
    if (route.destination.length() == 0 && route.destination.family() == GetParam()) client_.remove_route(route);
  }
  const auto path = explain(client_, elsewhere, tcp(80), kPatient);
  EXPECT_EQ(path.verdict, Verdict::no_route) << path;
  EXPECT_THAT(path.reason, HasSubstr("\"client\" has no route to " + elsewhere.to_string()));
}

TEST_P(ExplainTest, NamesRulesOfIptables) {
  if (!gw_.exec(process::sh("command -v iptables-nft ip6tables-nft")).success())
    NETRIG_SKIP("tool-iptables-nft", "not installed: iptables-nft");
  const auto web = server_.listen(tcp(80));
  const std::string tool = v4() ? "iptables-nft" : "ip6tables-nft";
  for (const std::string target : {"DROP", "REJECT"}) {
    ASSERT_TRUE(gw_.exec({tool, "-F", "FORWARD"}).success());
    ASSERT_TRUE(gw_.exec({tool, "-A", "FORWARD", "-p", "tcp", "--dport", "80", "-m", "comment", "--comment", "no web",
                          "-j", target})
                    .success());
    const auto path = asked(tcp(80));
    EXPECT_EQ(path.verdict, target == "DROP" ? Verdict::dropped : Verdict::rejected) << path;
    EXPECT_THAT(path.reason,
                HasSubstr(v4() ? "table ip filter, chain FORWARD, rule 1" : "table ip6 filter, chain FORWARD, rule 1"));
  }
}

TEST_P(ExplainTest, LeavesTheRulesAsTheyWere) {
  gw_.load_ruleset_text("table inet t { chain guard { type filter hook forward priority 0; tcp dport 80 drop; }; }");
  const auto before = gw_.exec({"nft", "-a", "list", "ruleset"}).out;
  (void)asked(tcp(80));
  EXPECT_EQ(gw_.exec({"nft", "-a", "list", "ruleset"}).out, before);
}

TEST_P(ExplainTest, SeesChangesMadeBetweenTwoQuestions) {
  for (const std::string comment : {"one", "two", "three"}) {
    gw_.load_ruleset_text(
        "flush ruleset; table inet t { chain guard { type filter hook forward priority 0; tcp dport 80 drop comment "
        "\"" +
        comment + "\"; }; }");
    for (int i = 0; i < 2; ++i) EXPECT_THAT(asked(tcp(80)).reason, HasSubstr("\"" + comment + "\""));
  }
}

// Both ports are others at the end of the way than at its beginning: one NAT translates the source's, one the
// destination's.
class ExplainTwoNatsTest : public ::testing::TestWithParam<AddressFamily> {
 protected:
  static Topology topology() {
    Topology plan;
    const auto client = plan.host("client"), server = plan.host("server");
    const auto home = plan.router("home"), edge = plan.router("edge");
    plan.link(client, home, "10.0.1.0/24, fd00:1::/64");
    plan.link(home, edge, "10.0.2.0/24, fd00:2::/64");
    plan.link(edge, server, "10.0.3.0/24, fd00:3::/64");
    return plan;
  }
  void SetUp() override {
    const auto inside = server_.address(GetParam()).to_string();
    const bool v4 = GetParam() == AddressFamily::ipv4;
    home_.load_ruleset_text(
        "table inet nat { chain post { type nat hook postrouting priority srcnat; oifname \"eth1\" meta l4proto { tcp, "
        "udp } masquerade to :20000-20100; }; }");
    edge_.load_ruleset_text(
        "table inet nat { chain pre { type nat hook prerouting priority dstnat; meta l4proto { tcp, udp } th dport "
        "8080 "
        "dnat " +
        (v4 ? "ip to " + inside : "ip6 to [" + inside + "]") + ":80; }; }");
  }
  [[nodiscard]] Path asked(const traffic::Service& service, const Origin& origin = {}) const {
    return explain(client_, edge_.address("eth0", GetParam()), service,
                   {.patience = kPatient.patience, .origin = origin});
  }

  const Lab lab_{topology()};
  const Node client_ = lab_["client"], home_ = lab_["home"], edge_ = lab_["edge"], server_ = lab_["server"];
};
INSTANTIATE_TEST_SUITE_P(Families, ExplainTwoNatsTest, ::testing::Values(AddressFamily::ipv4, AddressFamily::ipv6),
                         family_name);

TEST_P(ExplainTwoNatsTest, TheWayIsToldToItsEndWhenBothPortsAreTranslated) {
  for (const auto& [service, inner] : {std::pair{tcp(8080), tcp(80)}, std::pair{udp(8080), udp(80)}}) {
    const auto listener = server_.listen(inner);
    const auto path = asked(service);
    EXPECT_EQ(path.verdict, Verdict::accepted) << path;
    ASSERT_EQ(path.there.size(), 4U) << path;
    EXPECT_TRUE(path.there.back().node == "server" && path.there.back().delivered) << path;
    EXPECT_THAT(path.translation, AllOf(HasSubstr("snat to "), HasSubstr("dnat to "))) << path;
    ASSERT_EQ(path.back.size(), 4U) << path;
    EXPECT_EQ(path.back.back().node, "client");
  }
}

// Connection tracking would show the rules that translate a flow no other time.
TEST_P(ExplainTwoNatsTest, OfAPortThatIsGivenTheWayIsToldTheFirstTimeThatItIsAsked) {
  const auto listener = server_.listen(udp(80));
  const auto path = asked(udp(8080), {.port = Port{30000}});
  EXPECT_EQ(path.verdict, Verdict::accepted) << path;
  EXPECT_THAT(to_string(path.there), AllOf(HasSubstr("-> pre nat rule 1 accept -> dnat to "),
                                           HasSubstr("-> post nat rule 1 accept -> snat to "), HasSubstr("delivered")))
      << path;
}

TEST_P(ExplainTwoNatsTest, ADropBehindBothIsNamed) {
  server_.load_ruleset_text(
      "table inet t { chain guard { type filter hook input priority 0; th dport 80 drop comment \"not here\"; }; }");
  const auto path = asked(tcp(8080));
  EXPECT_EQ(path.verdict, Verdict::dropped) << path;
  EXPECT_EQ(path.node, "server");
  ASSERT_TRUE(path.rule) << path;
  EXPECT_EQ(path.rule->rule.comment, "not here");
}

TEST(Explain, FollowsFramesThroughTheRulesOfABridge) {
  Topology plan;
  const auto a = plan.host("a"), b = plan.host("b"), c = plan.host("c");
  plan.segment("lan", "10.0.0.0/24, fd00::/64").join(a, b, c);
  const Lab lab{plan};
  const auto web = lab["b"].listen(tcp(80));
  lab["lan"].load_ruleset_text(
      "table bridge t { chain guard { type filter hook forward priority 0; ether type arp accept; icmpv6 type != 128 "
      "accept; tcp dport 80 drop; }; }");
  for (const auto family : {AddressFamily::ipv4, AddressFamily::ipv6}) {
    const auto path = explain(lab["a"], lab["b"].address(family), tcp(80), kPatient);
    EXPECT_THAT(path.reason, HasSubstr("dropped at \"lan\": table bridge t, chain guard, rule 3")) << path;
    EXPECT_EQ(explain(lab["a"], lab["b"].address(family), icmp(), kPatient).verdict, Verdict::accepted);
  }
}

TEST(Explain, WorksWithinOneNode) {
  const Lab lab{test::behind_a_gateway()};
  const auto gw = lab["gw"];
  const auto web = gw.listen(tcp(80));
  const auto path = explain(gw, IpAddress::loopback(AddressFamily::ipv4), tcp(80), kPatient);
  EXPECT_EQ(path.verdict, Verdict::accepted) << path;
  EXPECT_EQ(to_string(path.there), "gw lo -> gw lo -> delivered");
  gw.load_ruleset_text("table inet t { chain in { type filter hook input priority 0; iif lo drop; }; }");
  EXPECT_EQ(explain(gw, IpAddress::loopback(AddressFamily::ipv4), tcp(80), kPatient).verdict, Verdict::dropped);
}

}  // namespace
}  // namespace netrig
