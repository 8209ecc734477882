// That the comparison finds each slow-down and nothing else: three rounds of each case, the twenty of
// netrig_regression_check with NETRIG_THOROUGH=1.
#include <netrig/bench/regressions.h>
#include <netrig/sandbox/sandbox.h>
#include <netrig/testing/skip.h>

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <string_view>

namespace netrig::bench {
namespace {

RegressionCase slow_down() { return {.what = "a slow-down", .before = {}, .after = {}, .is_slower = true}; }

// Of made-up values: ten that differ by a part in a thousand.
traffic::Measure about(double value) {
  return [value, n = 0]() mutable -> Result<double> { return value * (1 + 0.001 * (n++ % 3)); };
}

int rounds() {
  const char* thorough = std::getenv("NETRIG_THOROUGH");
  return thorough != nullptr && std::string_view{thorough} == "1" ? 20 : 3;
}

TEST(RegressionVerdicts, TellAMissedOneFromAnUnknownOne) {
  EXPECT_EQ(verdict(slow_down(), {.rounds = 3, .slower = 3, .doubts = {}}), RegressionVerdict::right);
  EXPECT_EQ(verdict(slow_down(), {.rounds = 3, .slower = 2, .same = 1, .doubts = {}}), RegressionVerdict::wrong);
  EXPECT_EQ(verdict(slow_down(), {.rounds = 3, .slower = 2, .unknown = 1, .doubts = {}}), RegressionVerdict::undecided);
  EXPECT_EQ(verdict({}, {.rounds = 3, .same = 2, .unknown = 1, .doubts = {}}), RegressionVerdict::right);
  EXPECT_EQ(verdict({}, {.rounds = 3, .slower = 1, .same = 2, .doubts = {}}), RegressionVerdict::wrong);
  EXPECT_EQ(verdict({}, {.rounds = 3, .faster = 1, .same = 2, .doubts = {}}), RegressionVerdict::wrong);
}

TEST(RegressionVerdicts, CountWhatWasFound) {
  EXPECT_EQ(compare({"", about(10), about(8)}, 2).slower, 2);
  EXPECT_EQ(compare({"", about(8), about(10)}, 2).faster, 2);
  EXPECT_EQ(compare({"", about(10), about(10)}, 2).same, 2);
}

TEST(RegressionCheck, FindsEachSlowDownAndNothingElse) {
  NETRIG_NEEDS_SANDBOX();
  try {
    const RegressionCases cases;
    std::cout << table_head(rounds());
    for (const auto& each : cases.all()) {
      const auto count = compare(each, rounds());
      const auto row = table_row(each, count);
      std::cout << row;
      EXPECT_EQ(verdict(each, count), RegressionVerdict::right) << row;
    }
  } catch (const SetupError& error) {
    if (std::string_view{error.what()}.contains("qdisc kind is unknown"))
      NETRIG_SKIP("qdisc-tbf", "this kernel has no token bucket filter");
    throw;
  }
}

}  // namespace
}  // namespace netrig::bench
