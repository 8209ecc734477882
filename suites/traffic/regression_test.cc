// A link that has become slower is found to be, each time, and one that has not never is. The rates are those of token
// buckets, far below what the machine can do: what else runs here hardly changes them. netrig_regression_check in bench
// does the same twenty times, and with a router more.
#include <netrig/suites/tools.h>
#include <netrig/topology/goodput.h>
#include <netrig/topology/lab.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iterator>
#include <optional>
#include <string>

namespace netrig {
namespace {

using namespace std::chrono_literals;

constexpr int kRounds = 3;
constexpr unsigned kMbit = 100;
constexpr unsigned kSlowMbit = kMbit * 8 / 10;

class Regressions : public ::testing::Test {
 protected:
  void SetUp() override {
    NETRIG_NEEDS_SANDBOX();
    NETRIG_NEEDS_TOOL("tc");
    link_.emplace(cable());
    slow_link_.emplace(cable());
    const auto made = shape(*link_, kMbit);
    if (made.both.contains("qdisc kind is unknown"))
      NETRIG_SKIP("qdisc-tbf", "this kernel has no token bucket filter: " << made.both);
    ASSERT_TRUE(made.success()) << made;
    ASSERT_TRUE(shape(*slow_link_, kSlowMbit).success());
  }
  static Topology cable() {
    Topology topology;
    const auto left = topology.host("left");
    const auto right = topology.host("right");
    topology.link(left, right);
    return topology;
  }
  // What does not pass at once waits: the sender's congestion control is no part of the question.
  static process::Completed shape(const Lab& lab, unsigned mbit) {
    return lab["left"].exec({"tc", "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", std::to_string(mbit) + "mbit",
                             "burst", "64k", "limit", "4m"});
  }
  static traffic::Measure goodput_over(const Lab& lab, AddressFamily family) {
    traffic::TcpLoad load;
    load.bytes = ByteCount{1'600'000};
    load.run.patience = 60s;
    return goodput_of(lab["left"], lab["right"], load, family);
  }
  /// One round; the families take turns.
  static traffic::Comparison compared(const Lab& before, const Lab& after, int round) {
    const auto family = kAddressFamilies[static_cast<std::size_t>(round) % std::size(kAddressFamilies)];
    const traffic::Repetition often{.width = 0.06, .at_least = 6, .at_most = 40, .budget = 15s};
    return value_or_throw(traffic::compare_in_turn(goodput_over(before, family), goodput_over(after, family), often))
        .comparison;
  }
  std::optional<Lab> link_, slow_link_;
};

TEST_F(Regressions, AreFoundEachTime) {
  for (int round = 0; round < kRounds; ++round) {
    const auto comparison = compared(*link_, *slow_link_, round);
    EXPECT_EQ(to_string(comparison.change), "lower") << comparison.to_string();
  }
}

TEST_F(Regressions, AreNeverFoundWhereThereAreNone) {
  for (int round = 0; round < kRounds; ++round) {
    const auto comparison = compared(*link_, *link_, round);
    EXPECT_NE(to_string(comparison.change), "lower") << comparison.to_string();
    EXPECT_NE(to_string(comparison.change), "higher") << comparison.to_string();
  }
}

}  // namespace
}  // namespace netrig
