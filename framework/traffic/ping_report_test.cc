#include <netrig/traffic/ping.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netrig::traffic {
namespace {

using namespace std::chrono_literals;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

// Replies after 1 ms, 2 ms and so on, the last first.
PingReport answered(unsigned count) {
  PingReport report;
  report.destination = *IpAddress::parse("10.0.0.2");
  report.size = 56;
  report.transmitted = count;
  for (unsigned i = count; i > 0; --i) report.replies.push_back({i, report.destination, 64, i * 1ms});
  return report;
}

// What is read back is within 0.4% of what was recorded.
void expect_near(std::chrono::nanoseconds time, std::chrono::nanoseconds expected) {
  EXPECT_NEAR(static_cast<double>(time.count()), static_cast<double>(expected.count()),
              0.004 * static_cast<double>(expected.count()));
}

TEST(PingReport, HasPercentiles) {
  const auto times = answered(1000).times();
  EXPECT_EQ(times.count(), 1000U);
  expect_near(times.percentile(50), 500ms);
  expect_near(times.percentile(90), 900ms);
  expect_near(times.percentile(99), 990ms);
  expect_near(times.percentile(99.9), 999ms);
  EXPECT_EQ(times.min(), 1ms);
  EXPECT_EQ(times.max(), 1000ms);
  EXPECT_EQ(answered(0).times().count(), 0U);
}

TEST(PingReport, PrintsPercentilesOfAHundredRepliesAndMore) {
  EXPECT_THAT(answered(99).to_string(), EndsWith("rtt min/avg/max/mdev = 1.000/50.000/99.000/28.577 ms"));
  const auto text = answered(100).to_string();
  EXPECT_THAT(text, HasSubstr("rtt min/avg/max/mdev = 1.000/50.500/100.000/28.866 ms\nrtt p50/p90/p99/p99.9 = "));
  EXPECT_THAT(text, HasSubstr("/100.000 ms"));
  EXPECT_THAT(answered(0).to_string(), Not(HasSubstr("rtt")));
}

// Those that came twice, late, or as an error are not among them.
TEST(PingReport, HasTimesOfRepliesOnly) {
  auto report = answered(2);
  report.late = answered(5).replies;
  report.duplicates = 3;
  report.errors.push_back({.sequence = 3, .from = report.destination, .type = 3});
  EXPECT_EQ(report.times().count(), 2U);
}

}  // namespace
}  // namespace netrig::traffic
