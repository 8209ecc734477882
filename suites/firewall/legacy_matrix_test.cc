// Matrices through rules of iptables-legacy, which are in no trace and share their counters: in both address families.
#include <netrig/fixtures/routed_subnets_test.h>
#include <netrig/suites/tools.h>
#include <netrig/topology/reachability.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace netrig {
namespace {

using traffic::icmp;
using traffic::tcp;
using traffic::udp;
using Verdicts = std::vector<Verdict>;
using enum Verdict;

// Longer than the test may take: what waits it out fails.
constexpr std::chrono::minutes kPatience{10};

class LegacyMatrixTest : public RoutedSubnetsTest, public ::testing::WithParamInterface<AddressFamily> {
 protected:
  LegacyMatrixTest() : RoutedSubnetsTest{2} {}
  void SetUp() override {
    RoutedSubnetsTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    const auto listed = router().exec(process::sh("iptables-legacy -S && ip6tables-legacy -S"));
    if (!listed.success()) NETRIG_SKIP("tool-iptables-legacy", "needs iptables-legacy: " << trimmed(listed.err));
  }

  [[nodiscard]] bool v4() const { return GetParam() == AddressFamily::ipv4; }
  [[nodiscard]] std::string echo() const { return v4() ? "icmp" : "ipv6-icmp"; }
  [[nodiscard]] std::string echo_request() const {
    return echo() + (v4() ? " --icmp-type echo-request" : " --icmpv6-type echo-request");
  }

  // Lines of arguments of iptables.
  void add(const Node& node, std::string_view rules) {
    for (const auto& rule : lines_of(rules)) {
      const auto done = node.exec(process::sh((v4() ? "iptables-legacy " : "ip6tables-legacy ") + rule));
      ASSERT_TRUE(done.success()) << rule << ": " << done.err;
    }
  }
  [[nodiscard]] Reachability seen(const std::vector<Node>& nodes, const std::vector<traffic::Service>& services) {
    return reachability(nodes, services, {.family = GetParam(), .patience = kPatience});
  }
};

INSTANTIATE_TEST_SUITE_P(Families, LegacyMatrixTest, ::testing::Values(AddressFamily::ipv4, AddressFamily::ipv6),
                         [](const auto& info) { return info.param == AddressFamily::ipv4 ? "IPv4" : "IPv6"; });

TEST_P(LegacyMatrixTest, ItsRulesAndPoliciesDecideAsOthersDo) {
  proves("a matrix tells what iptables-legacy drops and rejects by counters that all questions share");
  add(router(), fmt::format("-P FORWARD DROP\n"
                            "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
                            "-A FORWARD -i left -p tcp --dport 80 -j ACCEPT\n"
                            "-A FORWARD -i left -p tcp --dport 22 -j DROP\n"
                            "-A FORWARD -i left -p udp --dport 53 -j REJECT\n"
                            "-A FORWARD -i right -p {} -j ACCEPT\n"
                            "-A FORWARD -i right -p tcp -j REJECT --reject-with tcp-reset",
                            echo()));
  const auto matrix = seen({left(0), left(1), right(0), right(1)}, {tcp(80), tcp(22), udp(53), icmp()});
  for (const std::size_t left : {0UL, 1UL}) {
    for (const std::size_t right : {2UL, 3UL}) {
      EXPECT_EQ(matrix.verdicts[left][right], (Verdicts{accepted, dropped, rejected, dropped})) << matrix;
      EXPECT_EQ(matrix.verdicts[right][left], (Verdicts{rejected, rejected, dropped, accepted})) << matrix;
    }
  }
  EXPECT_EQ(matrix.verdicts[0][1], Verdicts(4, accepted)) << matrix;
}

TEST_P(LegacyMatrixTest, TheWayBackAndTheNodesThemselvesHaveSuchRulesToo) {
  add(router(), "-A FORWARD -p tcp --sport 80 -j DROP");
  add(right(), "-A INPUT -p udp --dport 53 -j DROP");
  add(left(), fmt::format("-t mangle -A OUTPUT -p {} -j DROP", echo_request()));
  const auto matrix = seen({left(), right()}, {tcp(80), tcp(22), udp(53), icmp()});
  EXPECT_EQ(matrix.verdicts[0][1], (Verdicts{dropped, accepted, dropped, dropped})) << matrix;
  EXPECT_EQ(matrix.verdicts[1][0], (Verdicts{dropped, accepted, accepted, accepted})) << matrix;
}

}  // namespace
}  // namespace netrig
