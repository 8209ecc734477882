// What explain() makes of settings, neighbours and routes beside what the trace saw, and of texts that mislead. A
// client, a gateway, a server; both families.
#include <netrig/topology/explain.h>
#include <netrig/topology/lab.h>
#include <netrig/topology/test_topologies.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace netrig {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
using traffic::icmp;
using traffic::tcp;

namespace in_state {  // the names are those of other tests of explain()

// Long: only what is not explained by evidence waits for it.
constexpr ExplainOptions kPatient{.patience = 30s};
// For what nothing explains.
constexpr ExplainOptions kHasty{.patience = 100ms};

class ExplainStateTest : public ::testing::TestWithParam<AddressFamily> {
 protected:
  [[nodiscard]] Path asked(const traffic::Service& service, const ExplainOptions& options = kPatient) const {
    return explain(client_, to(), service, options);
  }
  [[nodiscard]] IpAddress to() const { return server_.address(GetParam()); }
  [[nodiscard]] bool v4() const { return GetParam() == AddressFamily::ipv4; }
  void forward_rule(const std::string& rule) const {
    gw_.load_ruleset_text("flush ruleset; table inet t { chain guard { type filter hook forward priority 0; " + rule +
                          "; }; }");
  }

  const Lab lab_{test::behind_a_gateway()};
  const Node client_ = lab_["client"], gw_ = lab_["gw"], server_ = lab_["server"];
};

std::string family_name(const ::testing::TestParamInfo<AddressFamily>& family) {
  return family.param == AddressFamily::ipv4 ? "IPv4" : "IPv6";
}
INSTANTIATE_TEST_SUITE_P(Families, ExplainStateTest, ::testing::Values(AddressFamily::ipv4, AddressFamily::ipv6),
                         family_name);

TEST_P(ExplainStateTest, ADropIsNoRejectWhateverItsCommentAndPrefixSay) {
  for (const std::string rule :
       {"tcp dport 23 log prefix \"REJECT \" drop", "tcp dport 23 drop comment \"do not reject with rst\"",
        "tcp dport 23 drop comment \"reject\"", "tcp dport 23 drop comment \"xt_REJECT -j REJECT\""}) {
    forward_rule(rule);
    const auto path = asked(tcp(23));
    EXPECT_EQ(path.verdict, Verdict::dropped) << path;
    EXPECT_THAT(path.reason, HasSubstr("dropped at \"gw\"")) << rule;
  }
  forward_rule("tcp dport 23 reject comment \"drop\"");
  EXPECT_EQ(asked(tcp(23)).verdict, Verdict::rejected);
}

TEST(PathDecision, RejectsByTheRulesOwnWords) {
  const auto rejects = [](const std::string& text, const std::string& evidence = "") {
    return PathDecision{
        .rule = {.chain = {}, .position = 1, .text = text}, .verdict = {nft::Verdict::Kind::drop}, .evidence = evidence}
        .rejects();
  };
  EXPECT_TRUE(rejects("tcp dport 80 counter packets 0 bytes 0 xt target \"REJECT\""));
  EXPECT_TRUE(rejects("tcp dport 80 counter packets 0 bytes 0 # xt_REJECT"));
  EXPECT_TRUE(rejects("reject with icmpx admin-prohibited"));
  EXPECT_FALSE(rejects("ip saddr @reject drop"));
  EXPECT_TRUE(rejects("-p tcp -m comment --comment \"say \\\"no\\\"\" -j REJECT --reject-with tcp-reset", "counted"));
  EXPECT_FALSE(rejects("-p tcp -m comment --comment \"was \\\"-j REJECT \\\" once\" -j DROP", "counted"));
}

// An address that no node of the lab has, behind an entry that is resolved: a nested namespace, a proxy.
TEST_P(ExplainStateTest, ANeighbourThatAnsweredIsNotCalledMissing) {
  const auto guest = IpAddress::parse(v4() ? "10.0.2.77" : "fd00:2::77").value();
  gw_.add_neighbour({.device = {.name = value_or_throw(InterfaceName::parse("eth1"))},
                     .address = guest,
                     .mac = MacAddress::parse("02:00:00:00:77:77").value(),
                     .state = netlink::NeighbourState::reachable});
  const auto path = explain(client_, guest, tcp(80), kHasty);
  EXPECT_NE(path.verdict, Verdict::no_neighbour) << path;
  EXPECT_THAT(path.reason, Not(HasSubstr("no neighbour")));
  EXPECT_FALSE(path.proven) << path;
}

// A route that is chosen by a mark, which a look at routes does not know of.
TEST_P(ExplainStateTest, WhatTheTraceSawPassIsNotBlamed) {
  server_.set_sysctl(v4() ? "net.ipv4.icmp_echo_ignore_all" : "net.ipv6.icmp.echo_ignore_all", "1");
  const auto snapshot = gw_.snapshot();
  const auto dmz = IpPrefix::parse(v4() ? "10.0.2.0/24" : "fd00:2::/64").value();
  const auto direct =
      std::ranges::find_if(snapshot.routes, [&](const auto& route) { return route.destination == dmz; });
  ASSERT_NE(direct, snapshot.routes.end());
  gw_.load_ruleset_text("table inet t { chain marks { type filter hook prerouting priority mangle; mark set 7; }; }");
  gw_.add_rule({.family = GetParam(), .mark = 7, .table = 100});
  gw_.add_route({.destination = dmz, .hops = {{.device = direct->hops.front().device}}, .table = 100});
  gw_.remove_route(*direct);
  const auto path = asked(icmp(), kHasty);
  EXPECT_EQ(path.verdict, Verdict::ignored) << path;
  EXPECT_EQ(path.node, "server");
  EXPECT_THAT(path.reason, Not(HasSubstr("no route")));
  EXPECT_FALSE(path.proven) << path;
}

TEST(ExplainState, AnInterfacesOwnForwardingIsNotOverlooked) {
  const Lab lab{test::behind_a_gateway()};
  const auto gw = lab["gw"];
  lab["server"].set_sysctl("net.ipv4.icmp_echo_ignore_all", "1");
  gw.set_forwarding(AddressFamily::ipv4, false);
  gw.set_sysctl("net.ipv4.conf.eth0.forwarding", "1");
  const auto path = explain(lab["client"], lab["server"].address(AddressFamily::ipv4), icmp(), kHasty);
  EXPECT_NE(path.verdict, Verdict::not_forwarded) << path;
  EXPECT_EQ(path.node, "server") << path;
}

}  // namespace in_state
}  // namespace
}  // namespace netrig
