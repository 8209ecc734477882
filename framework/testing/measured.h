// Assertions on measurements, which refuse to decide on noise.
//
//   EXPECT_THAT(goodput(left, right, load), GoodputAtLeast(5_gbit));
//     Expected: goodput at least 5 Gbit/s
//       Actual: mean 4.91 Gbit/s +/-1.2% (95%, 9 samples), ..., which fails: all of 4.85 to 4.97 Gbit/s is below
//   EXPECT_THAT(measure(left, right, traffic::UdpLoad{.run = {.interval = 20ms}}), GoodputAtLeast(1_gbit));
//   EXPECT_TRUE(GoodputRatio(bridge, veth, RatioAtLeast(0.8)));
//   EXPECT_THAT(measure(client, server, traffic::LatencyLoad{}), LatencyAtMost(99, 2ms));
//   EXPECT_THAT(goodput(left, right, load), NoSlowerThan(baseline));
//
// Each has three outcomes: the whole confidence interval keeps the bound (holds), no part of it does (fails), or it
// reaches over it (inconclusive). Only LossAtMost has no interval: it counts what was lost. What is inconclusive fails,
// and says what to do: measure longer, or where it is quieter. It does so by a failure of its own, so that
// `Not(GoodputAtLeast(...))` does not pass on noise. So is a goodput that is too low, or low enough, because the sender
// was the limit rather than the path (TcpResult::spoilers(), Repeated::is_sender_limited()): it says nothing of what is
// asked about. Nor does a ratio, or a comparison with a baseline, that comes out as it does because one side's sender
// was slow, or a small loss of less than was to be sent (UdpResult::spoilers()). NETRIG_INCONCLUSIVE=pass in the
// environment lets it pass, with a note on standard output: for machines that are known to be noisy, where only what
// has certainly become worse shall fail.
#pragma once

#include <netrig/net/units.h>
#include <netrig/traffic/latency.h>
#include <netrig/traffic/repeat.h>
#include <netrig/traffic/tcp_load.h>
#include <netrig/traffic/udp_load.h>

#include <gmock/gmock.h>

#include <chrono>
#include <iosfwd>

namespace netrig {

/// What GoodputAtLeast and GoodputAtMost give: a matcher of traffic::Repeated, TcpResult and UdpResult.
class GoodputMatcher {
 public:
  using is_gtest_matcher = void;
  explicit GoodputMatcher(traffic::Bound bound) : bound_{bound} {}
  bool MatchAndExplain(const traffic::Repeated& measured, ::testing::MatchResultListener* listener) const;
  bool MatchAndExplain(const traffic::TcpResult& measured, ::testing::MatchResultListener* listener) const;
  bool MatchAndExplain(const traffic::UdpResult& measured, ::testing::MatchResultListener* listener) const;
  void DescribeTo(std::ostream* out) const;
  void DescribeNegationTo(std::ostream* out) const;

 private:
  traffic::Bound bound_;  // in bit/s
};

/// Of repeated measurements in bit/s: by the interval of their mean. Of one TCP or UDP measurement: by its interval
/// samples (RunOptions::interval), five at least; with fewer it is inconclusive, since one number says nothing of its
/// spread. Samples of the warm-up, a short one at the end, and those in which a UDP receiver waits for what is late are
/// left out. Consecutive samples of one run are not independent
/// (the congestion window carries over), so that their interval is narrower than that of repeated runs: use those, by
/// goodput(), where the bound is close.
GoodputMatcher GoodputAtLeast(Bandwidth least);
GoodputMatcher GoodputAtMost(Bandwidth most);
/// GoodputAtLeast() of one TCP measurement, where a matcher of that type is needed.
::testing::Matcher<const traffic::TcpResult&> TcpGoodputAtLeast(Bandwidth least);

/// The share of datagrams lost in this one run, 0 to 1: what happened, not an estimate of what would. `LossAtMost(0)`
/// is met by a run that lost none. Inconclusive where it is met, but by less than the rate asked for.
::testing::Matcher<const traffic::UdpResult&> LossAtMost(double share);

/// A percentile of the times of a run, 0 to 100, by the distribution-free interval of its order statistics at 95%.
/// Inconclusive where there are too few answers for it: the 99.9th takes some 3,700. Lost requests count as endless.
::testing::Matcher<const traffic::LatencyResult&> LatencyAtMost(double percentile, std::chrono::nanoseconds most);

/// Not lower than `baseline` by more than `tolerance`, a part of it, as traffic::compare() finds. Inconclusive where
/// the slower one's sender was the limit.
::testing::Matcher<const traffic::Repeated&> NoSlowerThan(const traffic::Repeated& baseline, double tolerance = 0.05);

/// A bound of a ratio. Not called AtLeast: GoogleMock has one, which counts calls.
traffic::Bound RatioAtLeast(double ratio);
traffic::Bound RatioAtMost(double ratio);
traffic::Bound RatioBetween(double low, double high);

/// first / second, by the interval of the ratio of their means. Measured in turn (traffic::compare_in_turn), so that
/// what drifts meanwhile hits both. A failure says both measurements.
::testing::AssertionResult GoodputRatio(const traffic::Repeated& first, const traffic::Repeated& second,
                                        const traffic::Bound& bound);

}  // namespace netrig
