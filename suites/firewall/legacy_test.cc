// Rules of iptables-legacy, which are in no trace: named by what they counted, in both address families.
#include <netrig/fixtures/routed_subnets_test.h>
#include <netrig/suites/tools.h>
#include <netrig/topology/explain.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <string>
#include <string_view>

namespace netrig {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// Long: only what is not explained by evidence waits for it.
constexpr ExplainOptions kPatient{.patience = 30s};

// A host that is busy for a second lets TCP ask again.
std::string as_if_asked_once(const std::string& text) {
  static const std::regex counted{"counted [0-9]+ packets"};
  return std::regex_replace(text, counted, "counted 1 packet");
}

class LegacyRulesTest : public RoutedSubnetsTest, public ::testing::WithParamInterface<AddressFamily> {
 protected:
  void SetUp() override {
    RoutedSubnetsTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    const auto listed = router().exec(process::sh("iptables-legacy -S && ip6tables-legacy -S"));
    if (!listed.success()) NETRIG_SKIP("tool-iptables-legacy", "needs iptables-legacy: " << trimmed(listed.err));
  }

  [[nodiscard]] bool v4() const { return GetParam() == AddressFamily::ipv4; }
  [[nodiscard]] std::string tool() const { return v4() ? "iptables-legacy" : "ip6tables-legacy"; }
  [[nodiscard]] IpAddress to() { return right().address(GetParam()); }
  [[nodiscard]] Path asked(const traffic::Service& service) { return explain(left(), to(), service, kPatient); }

  // Lines of arguments of iptables.
  void add(const Node& node, std::string_view rules) {
    for (const auto& rule : lines_of(rules)) {
      const auto done = node.exec(process::sh(tool() + " " + rule));
      ASSERT_TRUE(done.success()) << rule << ": " << done.err;
    }
  }
  [[nodiscard]] std::string named(std::string_view table, std::string_view rule) const {
    return fmt::format("{} table {}, chain {} (counted 1 packet of this probe)", tool(), table, rule);
  }
};

INSTANTIATE_TEST_SUITE_P(Families, LegacyRulesTest, ::testing::Values(AddressFamily::ipv4, AddressFamily::ipv6),
                         [](const auto& info) { return info.param == AddressFamily::ipv4 ? "IPv4" : "IPv6"; });

TEST_P(LegacyRulesTest, TheOneThatDropsIsNamedInAnyChainOfAnyNode) {
  proves("a rule of iptables-legacy that drops is named by its counter, wherever it is");
  const auto web = right().listen(tcp(80));
  struct Case {
    Node node;
    std::string table, chain;
  };
  for (const auto& [node, table, chain] :
       {Case{left(), "filter", "OUTPUT"}, Case{left(), "mangle", "POSTROUTING"}, Case{router(), "raw", "PREROUTING"},
        Case{router(), "mangle", "PREROUTING"}, Case{router(), "filter", "FORWARD"},
        Case{router(), "mangle", "POSTROUTING"}, Case{right(), "filter", "INPUT"}}) {
    add(node,
        fmt::format("-t {0} -A {1} -p tcp --dport 22 -j DROP\n-t {0} -A {1} -p tcp --dport 80 -j DROP", table, chain));
    const auto path = asked(tcp(80));
    EXPECT_EQ(path.verdict, Verdict::dropped) << path;
    EXPECT_EQ(as_if_asked_once(path.reason), fmt::format("dropped at \"{}\": ", node.name()) +
                                                 named(table, chain + ", rule 2: -p tcp -m tcp --dport 80 -j DROP"));
    EXPECT_EQ(path.node, node.name());
    EXPECT_THAT(to_string(path.there), EndsWith(fmt::format("{} {} rule 2 drop (counted)", chain, table)));
    EXPECT_TRUE(path.proven && path.vouched) << path;
    add(node, fmt::format("-t {} -F", table));
  }
}

TEST_P(LegacyRulesTest, ADropOfAnyServiceIsNamed) {
  const auto names = right().listen(udp(53));
  const std::string echo = v4() ? "icmp" : "ipv6-icmp";
  add(router(), fmt::format("-N guests\n-A FORWARD -i {} -j guests\n-A guests -p udp -j DROP\n-A guests -p {} -j DROP",
                            "left", echo));
  EXPECT_EQ(as_if_asked_once(asked(udp(53)).reason),
            "dropped at \"router\": " + named("filter", "guests, rule 1: -p udp -j DROP"));
  EXPECT_THAT(
      asked(icmp()).reason,
      StartsWith(fmt::format("dropped at \"router\": {} table filter, chain guests, rule 2: -p {} -j DROP (counted ",
                             tool(), echo)));
}

TEST_P(LegacyRulesTest, TheOneThatRejectsIsNamedWithItsAnswer) {
  const auto web = right().listen(tcp(80));
  const auto* const port = v4() ? "icmp-port-unreachable" : "icmp6-port-unreachable";
  const auto* const admin = v4() ? "icmp-admin-prohibited" : "icmp6-adm-prohibited";
  for (const auto& [with, answer] : {std::pair{"tcp-reset", "tcp reset"}, std::pair{port, "port-unreachable"},
                                     std::pair{admin, "admin-prohibited"}}) {
    add(router(), fmt::format("-F\n-A FORWARD -p tcp --dport 22 -j DROP\n-A FORWARD -p tcp --dport 80 -m comment "
                              "--comment 'not here' -j REJECT --reject-with {}",
                              with));
    EXPECT_THAT(left(),
                CannotReach(to(), tcp(80), Because(Verdict::rejected).by("not here").with(answer).at(router())));
    const auto path = asked(tcp(80));
    EXPECT_EQ(as_if_asked_once(path.reason),
              "rejected at \"router\": " +
                  named("filter", fmt::format("FORWARD, rule 2: -p tcp -m tcp --dport 80 -m comment --comment \"not "
                                              "here\" -j REJECT --reject-with {}",
                                              with)));
    EXPECT_TRUE(path.proven && path.vouched) << path;
  }
}

TEST_P(LegacyRulesTest, ARuleThatTheProbeDoesNotMeetIsNotNamed) {
  proves("a reject is named although its answer is dropped by a rule that counted too");
  const auto web = right().listen(tcp(80));
  add(router(), "-A FORWARD -p tcp -j REJECT --reject-with tcp-reset\n-A OUTPUT -p tcp -j DROP");
  const auto path = asked(tcp(80));
  EXPECT_EQ(as_if_asked_once(path.reason),
            "rejected at \"router\": " + named("filter", "FORWARD, rule 1: -p tcp -j REJECT --reject-with tcp-reset"));
  EXPECT_TRUE(path.back.size() == 1 && path.back.front().node == "router") << path;
}

TEST_P(LegacyRulesTest, APolicyIsNamed) {
  const auto web = right().listen(tcp(80));
  add(router(),
      "-P FORWARD DROP\n-A FORWARD -p tcp --dport 22 -j ACCEPT\n-A FORWARD -m conntrack --ctstate "
      "RELATED,ESTABLISHED -j ACCEPT");
  EXPECT_THAT(left(), CannotReach(to(), tcp(80), Because(Verdict::dropped).by_policy().at(router())));
  EXPECT_EQ(as_if_asked_once(asked(tcp(80)).reason),
            "dropped at \"router\": " + named("filter", "FORWARD: policy DROP"));
}

TEST_P(LegacyRulesTest, ADropOnTheWayBackIsNamed) {
  const auto web = right().listen(tcp(80));
  add(router(), "-A FORWARD -p tcp --sport 80 -j DROP");
  const auto path = asked(tcp(80));
  EXPECT_EQ(as_if_asked_once(path.reason), "on the way back: dropped at \"router\": " +
                                               named("filter", "FORWARD, rule 1: -p tcp -m tcp --sport 80 -j DROP"));
  EXPECT_THAT(to_string(path.there), EndsWith("delivered"));
}

TEST_P(LegacyRulesTest, WhatItAcceptsMayFindNobodyThatListens) {
  proves("a rule that accepts is told, and a closed port behind it is not taken for a closed firewall");
  add(router(),
      "-P FORWARD DROP\n-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
      "-A FORWARD -p tcp --dport 80 -j ACCEPT");
  const auto closed = asked(tcp(80));
  EXPECT_EQ(closed.verdict, Verdict::no_listener) << closed;
  const auto web = right().listen(tcp(80));
  const auto open = asked(tcp(80));
  EXPECT_EQ(open.verdict, Verdict::accepted) << open;
  for (const auto& path : {closed, open}) {
    EXPECT_THAT(to_string(path.there), HasSubstr("-> FORWARD filter rule 2 accept (counted) -> ")) << path;
    EXPECT_THAT(path.state,
                Contains(AllOf(StartsWith("may have accepted at \"router\": " + tool()),
                               HasSubstr("FORWARD, rule 2: -p tcp -m tcp --dport 80 -j ACCEPT (counted "))));
  }
}

TEST_P(LegacyRulesTest, AllThatCountedAreNamedWhereItCouldBeAny) {
  proves("of two rules that each counted a packet of the probe, the evidence names both and blames none");
  const auto web = right().listen(tcp(80));
  const auto twice = router().address("left", GetParam()).to_string();
  left().load_ruleset_text(
      fmt::format("table {} t {{ chain out {{ type filter hook output priority 0; tcp dport 80 dup to {}; }}; }}",
                  v4() ? "ip" : "ip6", twice));
  add(router(), "-A FORWARD -p tcp -m statistic --mode nth --every 2 --packet 0 -j DROP\n-A FORWARD -p tcp -j DROP");
  const auto path = asked(tcp(80));
  EXPECT_EQ(path.verdict, Verdict::dropped) << path;
  EXPECT_FALSE(path.rule) << path;
  EXPECT_EQ(as_if_asked_once(path.reason),
            fmt::format("dropped at \"router\", by one of the 2 that counted: {0} table filter, chain FORWARD, rule 1: "
                        "-p tcp -m statistic --mode nth --every 2 --packet 0 -j DROP (counted 1 packet); or {0} table "
                        "filter, chain FORWARD, rule 2: -p tcp -j DROP (counted 1 packet)",
                        tool()));
}

TEST_P(LegacyRulesTest, RulesOfNftAndOfIptablesLegacyAreToldApart) {
  const auto web = right().listen(tcp(80));
  add(router(), "-P FORWARD DROP\n-A FORWARD -p tcp --dport 80 -j ACCEPT");
  router().load_ruleset_text(
      "table inet t { chain forward { type filter hook forward priority 10; tcp dport 80 drop; }; }");
  const auto path = asked(tcp(80));
  EXPECT_THAT(path.reason, StartsWith("dropped at \"router\": table inet t, chain forward, rule 1 (handle")) << path;
  EXPECT_THAT(to_string(path.there), EndsWith("FORWARD filter rule 1 accept (counted) -> forward t rule 1 drop"));
}

}  // namespace
}  // namespace netrig
