#include <netrig/traffic/histogram.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace netrig::traffic {
namespace {

using namespace std::chrono_literals;
using Time = LatencyHistogram::Time;

// Times from 1 ns to about 20 s, each power of ten as likely as the next.
std::vector<Time> many_times(unsigned seed) {
  std::mt19937_64 noise{seed};
  std::uniform_real_distribution<double> exponent{0, 10.3};
  std::vector<Time> times(20'000);
  for (auto& time : times) time = Time{static_cast<Time::rep>(std::pow(10.0, exponent(noise)))};
  return times;
}

LatencyHistogram of(const std::vector<Time>& times) {
  LatencyHistogram histogram;
  for (const auto time : times) histogram.record(time);
  return histogram;
}

TEST(LatencyHistogram, GivesPercentilesWithinHalfAPercentOfTheExactOnes) {
  auto times = many_times(1);
  const auto histogram = of(times);
  std::ranges::sort(times);
  for (const double percent : {0.01, 1.0, 50.0, 90.0, 99.0, 99.9, 100.0}) {
    const auto rank = static_cast<std::size_t>(std::ceil(percent / 100 * static_cast<double>(times.size())));
    const auto exact = static_cast<double>(times[rank - 1].count());
    EXPECT_NEAR(static_cast<double>(histogram.percentile(percent).count()), exact, exact * 0.005) << percent;
  }
}

TEST(LatencyHistogram, KnowsLeastGreatestAndMeanExactly) {
  const auto histogram = of({3ns, 1'000'003ns, 2ns});
  EXPECT_EQ(histogram.min(), 2ns);
  EXPECT_EQ(histogram.max(), 1'000'003ns);
  EXPECT_EQ(histogram.mean(), 333'336ns);
  EXPECT_EQ(histogram.percentile(0), 2ns);
  EXPECT_EQ(histogram.percentile(100), 1'000'003ns);
}

TEST(LatencyHistogram, MergedIsAsIfAllHadBeenRecordedInOne) {
  auto first = many_times(2);
  const auto second = many_times(3);
  auto merged = of(first);
  merged.merge(of(second));
  first.insert(first.end(), second.begin(), second.end());
  const auto whole = of(first);
  EXPECT_EQ(merged.buckets(), whole.buckets());
  EXPECT_EQ(merged.count(), whole.count());
  EXPECT_EQ(merged.percentile(99), whole.percentile(99));
  LatencyHistogram empty;
  empty.merge(merged);
  EXPECT_EQ(empty.min(), whole.min());
}

TEST(LatencyHistogram, HasBucketsThatTouchAndAreAtMostOnePercentWide) {
  LatencyHistogram histogram;
  for (std::int64_t ns = 1; ns < 1'000'000; ++ns) histogram.record(Time{ns});
  const auto buckets = histogram.buckets();
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    count += buckets[i].count;
    EXPECT_EQ(buckets[i].from, i == 0 ? 1ns : buckets[i - 1].to);
    EXPECT_LE(buckets[i].to - buckets[i].from, std::max(1ns, buckets[i].from / 100));
  }
  EXPECT_EQ(count, histogram.count());
}

TEST(LatencyHistogram, TakesTheGreatestAndTheSmallestTimeThereIs) {
  const auto histogram = of({Time::max(), Time::min(), 0ns});
  EXPECT_EQ(histogram.count(), 3U);
  EXPECT_EQ(histogram.min(), 0ns);
  EXPECT_EQ(histogram.percentile(100), Time::max());
}

TEST(LatencyHistogram, EmptySaysSo) {
  EXPECT_EQ(LatencyHistogram{}.percentile(50), 0ns);
  EXPECT_EQ(LatencyHistogram{}.to_string(), "no samples");
  EXPECT_EQ(of({21us}).to_string(), "1 samples: p50 21 us, p90 21 us, p99 21 us, p99.9 21 us, max 21 us");
}

}  // namespace
}  // namespace netrig::traffic
