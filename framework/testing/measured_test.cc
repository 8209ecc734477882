// The judgements, on made-up measurements: real ones are the suites'.
#include <netrig/net/literals.h>
#include <netrig/testing/measured.h>

#include <gmock/gmock.h>
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

namespace netrig {
namespace {

using namespace std::chrono_literals;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;
using traffic::Repeated;

Repeated measured(const std::vector<double>& gigabits) {
  Repeated made;
  for (const double each : gigabits) made.samples.push_back(each * 1e9);
  made.summary = value_or_throw(traffic::summarize(made.samples));
  made.is_exact = true;
  return made;
}

template <class Matcher, class Value>
std::string explanation(const Matcher& matcher, const Value& value) {
  testing::StringMatchResultListener listener;
  EXPECT_FALSE(testing::ExplainMatchResult(matcher, value, &listener));
  return listener.str();
}

const Repeated kTen = measured({9.9, 10, 10.1, 10, 9.9, 10.1, 10, 10, 10});

TEST(MeasuredTest, HoldsWhereTheWholeIntervalDoes) {
  EXPECT_THAT(kTen, GoodputAtLeast(9_gbit));
  EXPECT_THAT(kTen, GoodputAtMost(11_gbit));
}

TEST(MeasuredTest, FailsWhereNoPartOfItDoes) {
  EXPECT_THAT(explanation(GoodputAtLeast(11_gbit), kTen),
              ContainsRegex("which fails: mean 10 Gbit/s .*is beyond the bound"));
  EXPECT_THAT(explanation(GoodputAtMost(9_gbit), kTen), HasSubstr("which fails"));
}

TEST(MeasuredTest, DoesNotDecideOnNoise) {
  const auto noisy = measured({6, 14, 9, 11, 10});
  EXPECT_THAT(explanation(GoodputAtLeast(9_gbit), noisy), ContainsRegex("which is inconclusive.*measure longer"));
  EXPECT_THAT(explanation(NoSlowerThan(kTen), noisy), HasSubstr("which is inconclusive"));
  EXPECT_THAT(explanation(GoodputAtLeast(9_gbit), measured({10})), HasSubstr("which is inconclusive"));
}

TEST(MeasuredTest, DoesNotDecideOnNoiseWhenNegatedEither) {
  EXPECT_THAT(kTen, Not(GoodputAtLeast(11_gbit)));
  EXPECT_NONFATAL_FAILURE(EXPECT_THAT(measured({6, 14, 9, 11, 10}), Not(GoodputAtLeast(9_gbit))),
                          "which is inconclusive");
}

TEST(MeasuredTest, LetsWhatIsInconclusivePassWhenAskedTo) {
  const auto noisy = measured({6, 14, 9, 11, 10});
  ::setenv("NETRIG_INCONCLUSIVE", "pass", 1);
  testing::internal::CaptureStdout();
  EXPECT_THAT(noisy, GoodputAtLeast(9_gbit));
  EXPECT_THAT(kTen, Not(GoodputAtLeast(11_gbit)));  // what certainly fails still does
  ::unsetenv("NETRIG_INCONCLUSIVE");
  EXPECT_THAT(testing::internal::GetCapturedStdout(), HasSubstr("note: which is inconclusive"));
}

TEST(MeasuredTest, OneTcpMeasurementNeedsItsIntervals) {
  traffic::TcpResult result;
  result.counted = ByteCount{125'000'000};
  result.elapsed = 100ms;
  EXPECT_THAT(explanation(TcpGoodputAtLeast(1_gbit), result), HasSubstr("take interval samples"));
  for (int i = 0; i < 10; ++i) {
    traffic::Interval interval;
    interval.from = i * 10ms;
    interval.to = (i + 1) * 10ms;
    interval.received = ByteCount{static_cast<std::uint64_t>(12'500'000 + i * 1000)};
    result.intervals.push_back(interval);
  }
  EXPECT_THAT(result, TcpGoodputAtLeast(9_gbit));
  EXPECT_THAT(explanation(TcpGoodputAtLeast(11_gbit), result), HasSubstr("which fails: 10 Gbit/s"));
  result.elapsed = 1s;  // of which it was never busy, nor did it run
  EXPECT_THAT(explanation(TcpGoodputAtLeast(11_gbit), result),
              ContainsRegex("which is inconclusive: 1 Gbit/s, but the path may be faster: application-limited"));
  EXPECT_THAT(result, TcpGoodputAtLeast(9_gbit));
}

TEST(MeasuredTest, TakesTheResultsOfEitherLoad) {
  traffic::TcpResult tcp;
  traffic::UdpResult udp;
  udp.sent = udp.received = 1000;
  udp.bytes = ByteCount{125'000'000};
  udp.elapsed = udp.sending = 100ms;
  udp.streams.resize(1);
  EXPECT_THAT(explanation(GoodputAtLeast(9_gbit), udp), HasSubstr("10 Gbit/s is one number"));
  for (int i = 0; i < 10; ++i) {
    traffic::Interval interval;
    interval.from = i * 10ms;
    interval.to = (i + 1) * 10ms;
    interval.received = ByteCount{static_cast<std::uint64_t>(12'500'000 + i * 1000)};
    tcp.intervals.push_back(interval);
    udp.intervals.push_back(interval);
  }
  for (int i = 10; i < 60; ++i)  // the receiver waits
    udp.intervals.push_back({.from = i * 10ms, .to = (i + 1) * 10ms, .received = {}, .congestion_window = {}});
  EXPECT_THAT(tcp, GoodputAtLeast(9_gbit));
  EXPECT_THAT(udp, GoodputAtLeast(9_gbit));
  EXPECT_THAT(udp, GoodputAtMost(11_gbit));
  EXPECT_THAT(udp, Not(GoodputAtLeast(11_gbit)));
  EXPECT_THAT(explanation(GoodputAtMost(9_gbit), tcp), HasSubstr("which fails"));
  EXPECT_THAT(explanation(GoodputAtLeast(11_gbit), udp), HasSubstr("which fails: 10 Gbit/s"));
  udp.asked = 1000_gbit;
  EXPECT_THAT(explanation(GoodputAtLeast(11_gbit), udp),
              ContainsRegex("which is inconclusive: 10 Gbit/s, but the path may be faster: sender-limited"));
  EXPECT_THAT(explanation(GoodputAtMost(11_gbit), udp), HasSubstr("which is inconclusive"));
  EXPECT_THAT(udp, GoodputAtLeast(9_gbit));
}

TEST(MeasuredTest, DoesNotBlameThePathForItsSender) {
  auto limited = kTen;
  limited.sender_limited = 5;  // of nine
  limited.sender_limit = "sender-limited: the send buffer";
  EXPECT_THAT(
      explanation(GoodputAtLeast(11_gbit), limited),
      ContainsRegex("which is inconclusive: mean 10 .*the path may be faster: sender-limited: the send buffer"));
  EXPECT_THAT(explanation(GoodputAtMost(11_gbit), limited), HasSubstr("which is inconclusive"));
  EXPECT_THAT(limited, GoodputAtLeast(9_gbit));
  EXPECT_THAT(explanation(GoodputAtMost(9_gbit), limited), HasSubstr("which fails"));
  const auto twelve = measured({12, 12.1, 11.9, 12, 12, 12.1, 11.9, 12, 12});
  EXPECT_THAT(explanation(NoSlowerThan(twelve), limited), HasSubstr("which is inconclusive"));
  EXPECT_THAT(limited, NoSlowerThan(measured({9, 9.1, 8.9, 9, 9, 9.1, 8.9, 9, 9})));
  limited.sender_limited = 4;  // less than half: the mean is the path's
  EXPECT_THAT(explanation(GoodputAtLeast(11_gbit), limited), HasSubstr("which fails"));
}

TEST(MeasuredTest, DoesNotCompareWithWhatASenderLimited) {
  auto limited = kTen;
  limited.sender_limited = 9;
  limited.sender_limit = "sender-limited: the send buffer";
  const auto twelve = measured({12, 12.1, 11.9, 12, 12, 12.1, 11.9, 12, 12});
  EXPECT_THAT(
      explanation(NoSlowerThan(limited), twelve),
      ContainsRegex("inconclusive: 1.2x .*baseline, whose path may be faster: sender-limited: the send buffer"));
  EXPECT_THAT(explanation(NoSlowerThan(limited), measured({8, 8.1, 7.9, 8, 8, 8.1, 7.9, 8, 8})),
              HasSubstr("which fails"));  // a faster path would be further away
  const auto first = "the first's path may be faster: sender-limited: the send buffer";
  const auto second = "the second's path may be faster: sender-limited: the send buffer";
  EXPECT_NONFATAL_FAILURE((void)GoodputRatio(limited, twelve, RatioAtLeast(0.9)), first);
  EXPECT_NONFATAL_FAILURE((void)GoodputRatio(limited, twelve, RatioAtMost(0.9)), first);
  EXPECT_NONFATAL_FAILURE((void)GoodputRatio(limited, twelve, RatioBetween(0.8, 0.9)), first);
  EXPECT_NONFATAL_FAILURE((void)GoodputRatio(twelve, limited, RatioAtMost(1.1)), second);
  EXPECT_NONFATAL_FAILURE((void)GoodputRatio(twelve, limited, RatioAtLeast(1.1)), second);
  EXPECT_NONFATAL_FAILURE((void)GoodputRatio(twelve, limited, RatioBetween(1.1, 1.3)), second);
  EXPECT_TRUE(GoodputRatio(limited, twelve, RatioAtLeast(0.8)));  // and the more so were it not
  EXPECT_TRUE(GoodputRatio(twelve, limited, RatioAtMost(1.3)));
  EXPECT_FALSE(GoodputRatio(limited, twelve, RatioAtMost(0.8)));
  EXPECT_FALSE(GoodputRatio(twelve, limited, RatioAtLeast(1.3)));
}

// A slow start, and an end of a millisecond in which nothing came.
TEST(MeasuredTest, OneTcpMeasurementCountsWholeIntervalsAfterTheWarmUp) {
  traffic::TcpResult result;
  result.warm_up = 31ms;
  for (int i = 0; i < 20; ++i) {
    traffic::Interval interval;
    interval.from = i * 10ms;
    interval.to = (i + 1) * 10ms;
    interval.received = ByteCount{i < 4 ? 0U : 12'500'000U};
    result.intervals.push_back(interval);
  }
  result.intervals.push_back({.from = 200ms, .to = 201ms, .received = {}, .congestion_window = {}});
  EXPECT_THAT(result, TcpGoodputAtLeast(9_gbit));
}

TEST(MeasuredTest, CountsWhatWasLost) {
  traffic::UdpResult result;
  result.sent = 1000;
  result.received = 990;
  EXPECT_THAT(result, LossAtMost(0.01));
  EXPECT_THAT(explanation(LossAtMost(0.009), result), HasSubstr("10 of 1000 datagrams were lost (1%)"));
  result.received = 1000;
  EXPECT_THAT(result, LossAtMost(0));
}

// A tenth of the rate asked for: that none of it was lost says nothing of the rest.
TEST(MeasuredTest, DoesNotPraiseThePathForWhatWasNotSent) {
  traffic::UdpResult result;
  result.sent = result.received = 1000;
  result.bytes = ByteCount{1'000'000};
  result.sending = 1s;
  result.streams.resize(1);
  result.asked = 80_mbit;
  EXPECT_THAT(
      explanation(LossAtMost(0), result),
      ContainsRegex("which is inconclusive: of which 0 of 1000 .*less was sent than was to be: sender-limited"));
  EXPECT_NONFATAL_FAILURE(EXPECT_THAT(result, Not(LossAtMost(0))), "which is inconclusive");
  result.received = 500;
  EXPECT_THAT(explanation(LossAtMost(0.1), result), HasSubstr("of which 500 of 1000"));
  EXPECT_THAT(result, Not(LossAtMost(0.1)));
  result.received = 1000;
  result.asked = 8_mbit;
  EXPECT_THAT(result, LossAtMost(0));
}

TEST(MeasuredTest, JudgesAPercentileByItsInterval) {
  traffic::LatencyResult result;
  for (int i = 1; i <= 10'000; ++i) result.times.record(std::chrono::microseconds{i});
  EXPECT_THAT(result, LatencyAtMost(99, 10ms));
  EXPECT_THAT(explanation(LatencyAtMost(99, 9ms), result), HasSubstr("which fails: the 99th percentile of 10000"));
  EXPECT_THAT(explanation(LatencyAtMost(99, 9900us), result), HasSubstr("inconclusive"));
}

TEST(MeasuredTest, KnowsNoRarePercentileOfFewAnswers) {
  traffic::LatencyResult result;
  for (int i = 0; i < 100; ++i) result.times.record(20us);
  EXPECT_THAT(result, LatencyAtMost(50, 1ms));
  EXPECT_THAT(explanation(LatencyAtMost(99.9, 1ms), result), ContainsRegex("inconclusive.*no answer.*ask more often"));
}

TEST(MeasuredTest, CountsALostRequestAsEndless) {
  traffic::LatencyResult result;
  for (int i = 0; i < 900; ++i) result.times.record(20us);
  result.lost = 100;
  EXPECT_THAT(result, LatencyAtMost(80, 1ms));
  EXPECT_THAT(explanation(LatencyAtMost(99, 1ms), result), HasSubstr("which fails"));
}

TEST(MeasuredTest, ComparesWithABaseline) {
  EXPECT_THAT(kTen, NoSlowerThan(kTen));
  EXPECT_THAT(measured({12, 12.1, 11.9, 12, 12, 12.1, 11.9, 12, 12}), NoSlowerThan(kTen));
  EXPECT_THAT(explanation(NoSlowerThan(kTen), measured({8, 8.1, 7.9, 8, 8, 8.1, 7.9, 8, 8})),
              ContainsRegex("which fails: 0.8x .*: lower"));
}

// A bound that the samples' own interval would keep, but not one of the confidence that they were repeated for.
TEST(MeasuredTest, ComparesAtTheConfidenceOfTheRepetition) {
  auto first = measured({10, 10.1, 9.9, 10, 10.1, 9.9}), second = measured({10, 10.1, 9.9, 10, 10.1, 9.9});
  const auto plain = value_or_throw(traffic::compare(second.samples, first.samples)).interval;
  EXPECT_NONFATAL_FAILURE((void)GoodputRatio(first, second, RatioAtLeast(plain.low)), "inconclusive");
  const auto allowing = value_or_throw(traffic::compare(second, first)).interval;
  EXPECT_TRUE(GoodputRatio(first, second, RatioAtLeast(allowing.low)));
  EXPECT_THAT(first, NoSlowerThan(second, 1 - allowing.low));
  EXPECT_THAT(explanation(NoSlowerThan(second, 1 - plain.low), first), HasSubstr("inconclusive"));
  first.summary.confidence = 0.999;
  EXPECT_NONFATAL_FAILURE((void)GoodputRatio(first, second, RatioAtLeast(allowing.low)), "inconclusive");
}

TEST(MeasuredTest, HoldsARatioAgainstABound) {
  const auto eight = measured({8, 8.1, 7.9, 8, 8, 8.1, 7.9, 8, 8});
  EXPECT_TRUE(GoodputRatio(eight, kTen, RatioAtLeast(0.75)));
  EXPECT_TRUE(GoodputRatio(eight, kTen, RatioBetween(0.7, 0.9)));
  const auto failed = GoodputRatio(eight, kTen, RatioAtLeast(0.9));
  EXPECT_FALSE(failed);
  EXPECT_THAT(failed.message(), ContainsRegex("which fails: the ratio is 0.8x"));
  EXPECT_NONFATAL_FAILURE((void)GoodputRatio(eight, kTen, RatioAtMost(0.8)), "inconclusive");
  EXPECT_FALSE(GoodputRatio(measured({8}), kTen, RatioAtLeast(0.1)));
}

}  // namespace
}  // namespace netrig
