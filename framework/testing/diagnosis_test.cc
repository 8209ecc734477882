// Why a probe got no answer, in a lab of two networks and the router between, with the faults made by hand.
#include <netrig/nft/presets.h>
#include <netrig/testing/reach.h>
#include <netrig/topology/attempt.h>
#include <netrig/topology/blockers.h>
#include <netrig/topology/diagnosis.h>
#include <netrig/topology/lab.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netrig {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr nft::Family kInet = nft::Family::inet;

// As a file for `nft -f` makes them: without the counters that the rig gives its own chains.
nft::Ruleset as_nft_makes_it(nft::Hook hook, nft::Policy policy, std::vector<nft::Rule> rules) {
  auto chain = nft::Chain::base("guard", nft::ChainType::filter, hook, nft::priority::kFilter, policy);
  chain.hook->policy_count = std::nullopt;
  chain.rules = std::move(rules);
  return {.tables = {{.family = kInet, .name = "handmade", .chains = {chain}}}};
}

class DiagnosisTest : public ::testing::Test {
 protected:
  static Topology topology() {
    Topology two;
    const auto left = two.host("left"), right = two.host("right");
    const auto gw = two.router("gw");
    two.segment("a", "10.0.1.0/24, fd00:1::/64").join(left, gw);
    two.segment("b", "10.0.2.0/24, fd00:2::/64").join(gw, right);
    return two;
  }
  [[nodiscard]] Diagnosis of_probe(const traffic::Service& service) const {
    const auto before = gather(left_);
    const auto seen = attempt(left_, right_.address(), service, 50ms);
    EXPECT_NE(seen.outcome, Attempt::Outcome::answered) << seen.text;
    return diagnose(left_, right_.address(), service, before, gather(left_), seen.outcome == Attempt::Outcome::refused);
  }
  static std::string failure_of(const Node& subject, const ::testing::Matcher<const Node&>& matcher) {
    ::testing::StringMatchResultListener listener;
    EXPECT_FALSE(matcher.MatchAndExplain(subject, &listener));
    return listener.str();
  }

  Lab lab_{topology()};
  Node left_ = lab_["left"], gw_ = lab_["gw"], right_ = lab_["right"];
};

TEST_F(DiagnosisTest, SuspectsARuleWithoutACounter) {
  gw_.add_rules(as_nft_makes_it(nft::Hook::forward, nft::Policy::accept,
                                {nft::Rule{}.tcp_dport(443).drop(), nft::Rule{}.tcp_dport(80).drop()}));
  const auto web = right_.listen(traffic::tcp(80));
  const auto why = of_probe(traffic::tcp(80));
  EXPECT_THAT(why.cause, AllOf(HasSubstr("probably dropped at \"gw\" (no counter tells): table inet handmade, chain "
                                         "guard, rule 2"),
                               HasSubstr("tcp dport 80 drop")));
  EXPECT_FALSE(why.rules_out());
  EXPECT_THAT(why.state, Not(Contains(HasSubstr("443"))));  // the rule on port 443 is no suspect
}

TEST_F(DiagnosisTest, SuspectsAPolicyWithoutACounter) {
  right_.add_rules(as_nft_makes_it(nft::Hook::input, nft::Policy::drop, {}));
  EXPECT_THAT(of_probe(traffic::icmp()).cause,
              HasSubstr("probably dropped at \"right\" (no counter tells): table inet handmade, chain guard: policy"));
}

TEST_F(DiagnosisTest, SuspectsARuleOnTheWayBack) {
  gw_.add_rules(as_nft_makes_it(nft::Hook::forward, nft::Policy::accept, {nft::Rule{}.saddr("10.0.2.0/24").drop()}));
  EXPECT_THAT(of_probe(traffic::icmp()).cause, HasSubstr("on the way back: probably dropped at \"gw\""));
}

TEST_F(DiagnosisTest, NamesABlackhole) {
  const netlink::Route hole{.destination = IpPrefix::parse("10.0.2.2/32").value(),
                            .type = netlink::RouteType::blackhole};
  gw_.add_route(hole);
  EXPECT_THAT(of_probe(traffic::icmp()).cause, AllOf(HasSubstr("the route of \"gw\" to 10.0.2.2 lets nothing through"),
                                                     HasSubstr("blackhole 10.0.2.2")));
}

TEST_F(DiagnosisTest, NamesAHostThatIgnoresEchoRequests) {
  right_.set_sysctl("net.ipv4.icmp_echo_ignore_all", "1");
  EXPECT_EQ(of_probe(traffic::icmp()).cause, "\"right\" ignores echo requests: net.ipv4.icmp_echo_ignore_all is 1");
}

// Evidence of another packet proves nothing: here the router drops what is sent to itself, and counts it.
TEST_F(DiagnosisTest, ADropOfSomethingElseIsNoEvidence) {
  gw_.add_rules(nft::input_policy(nft::Policy::drop));
  right_.set_sysctl("net.ipv4.icmp_echo_ignore_all", "1");  // so that nothing answers
  const auto before = gather(left_);
  (void)left_.ping({.destination = gw_.address("a"), .count = 1, .timeout = 10ms});
  (void)left_.ping({.destination = right_.address(), .count = 1, .timeout = 10ms});
  const auto why = diagnose(left_, right_.address(), traffic::icmp(), before, gather(left_));
  EXPECT_THAT(why.cause, HasSubstr("ignores echo requests"));
}

TEST_F(DiagnosisTest, ARejectionNamesWhoSentIt) {
  gw_.add_rules(as_nft_makes_it(nft::Hook::forward, nft::Policy::accept, {nft::Rule{}.tcp_dport(80).reject()}));
  const auto web = right_.listen(traffic::tcp(80));
  EXPECT_THAT(failure_of(left_, CanReach(right_, traffic::tcp(80))),
              AllOf(HasSubstr("rejected at \"gw\": table inet handmade"), HasSubstr("probe: rejected by 10.0.1.1")));
}

TEST_F(DiagnosisTest, CannotReachTriesEveryAddressOfANode) {
  Topology two;
  const auto left = two.host("left"), right = two.host("right");
  two.link(left, right, "10.0.0.0/24, 10.1.0.0/24");
  const Lab lab{two};
  lab["right"].add_rules(
      as_nft_makes_it(nft::Hook::input, nft::Policy::accept, {nft::Rule{}.daddr("10.0.0.2").drop()}));
  const auto web = lab["right"].listen(traffic::tcp(80));
  EXPECT_THAT(failure_of(lab["left"], CannotReach(lab["right"], traffic::tcp(80))),
              HasSubstr("connected to 10.1.0.2:80"));
}

TEST(ProbePacketTest, MeetsOnlyRulesThatItCouldMatch) {
  const auto rules = [](nft::Rule rule) {
    return as_nft_makes_it(nft::Hook::forward, nft::Policy::accept, {std::move(rule)});
  };
  const auto packet = ProbePacket::request(IpAddress::parse("10.0.1.1").value(), IpAddress::parse("10.0.2.1").value(),
                                           traffic::tcp(80));
  const auto count = [&](nft::Rule rule, Encounter encounter = Encounter::routed) {
    return possible_blockers(rules(std::move(rule)), encounter, packet).size();
  };
  EXPECT_EQ(count(nft::Rule{}.drop()), 1U);
  EXPECT_EQ(count(nft::Rule{}.tcp_dport(80).drop()), 1U);
  EXPECT_EQ(count(nft::Rule{}.tcp_dport(81).drop()), 0U);
  EXPECT_EQ(count(nft::Rule{}.tcp_dport(80, nft::Op::not_equal).drop()), 0U);
  EXPECT_EQ(count(nft::Rule{}.udp_dport(80).drop()), 0U);
  EXPECT_EQ(count(nft::Rule{}.saddr("10.0.1.0/24").drop()), 1U);
  EXPECT_EQ(count(nft::Rule{}.saddr("10.0.3.0/24").drop()), 0U);
  EXPECT_EQ(count(nft::Rule{}.daddr("fd00::/8").drop()), 0U);
  EXPECT_EQ(count(nft::Rule{}.protocol(nft::Protocol::icmp).drop()), 0U);
  EXPECT_EQ(count(nft::Rule{}.accept()), 0U);
  EXPECT_EQ(count(nft::Rule{}.drop(), Encounter::received), 0U);  // the chain is of the forward hook
  EXPECT_THAT(possible_blockers(rules(nft::Rule{}.tcp_dport(81).drop()), Encounter::either, packet.translated()),
              SizeIs(1));
}

}  // namespace
}  // namespace netrig
