// What explain() makes of settings, neighbours and routes beside what the trace saw, and of texts that mislead. A
// client, a gateway, a server; both families.
#include <netrig/topology/explain.h>
#include <netrig/topology/lab.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace netrig {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
using traffic::tcp;

// Long: only what is not explained by evidence waits for it.
constexpr ExplainOptions kPatient{.patience = 30s};
// For what nothing explains.
constexpr ExplainOptions kHasty{.patience = 100ms};

Topology behind_a_gateway() {
  Topology plan;
  const auto client = plan.host("client"), server = plan.host("server");
  const auto gw = plan.router("gw");
  plan.segment("lan", "10.0.1.0/24, fd00:1::/64").join(client, gw);
  plan.segment("dmz", "10.0.2.0/24, fd00:2::/64").join(gw, server);
  return plan;
}

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

  const Lab lab_{behind_a_gateway()};
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

}  // namespace
}  // namespace netrig
