#include <netrig/testing/measured.h>

#include <boost/math/distributions/binomial.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <string_view>

namespace netrig {

namespace {

using traffic::ConfidenceInterval;
using traffic::Judgement;
using traffic::Repeated;

constexpr double kGiga = 1e9;
constexpr double kConfidence = 0.95;
constexpr std::size_t kFewestIntervals = 5;
constexpr const char* kRemedy = "measure longer (Repetition::budget), or where nothing else runs";

bool may_be_inconclusive() {
  const char* value = std::getenv("NETRIG_INCONCLUSIVE");
  return value != nullptr && std::string_view{value} == "pass";
}

// Whether an assertion is met, having told its listener, or standard output, how it came to that. What is inconclusive
// is a failure of its own too: where the matcher is negated, not to be met would be success. GoogleMock asks first with
// no one to tell.
bool is_met(Judgement judgement, const std::string& why, std::ostream* told) {
  if (judgement == Judgement::holds) return true;
  const auto text = fmt::format("which {}: {}", judgement == Judgement::fails ? "fails" : "is inconclusive", why);
  if (judgement == Judgement::inconclusive && may_be_inconclusive()) {
    std::cout << "note: " << text << " (NETRIG_INCONCLUSIVE=pass)\n";
    return true;
  }
  if (judgement == Judgement::inconclusive && told == nullptr) ADD_FAILURE() << "a measurement " << text;
  if (told != nullptr) *told << text;
  return false;
}

std::string in_gigabits(const ConfidenceInterval& interval) {
  return fmt::format("{:.4g} to {:.4g} Gbit/s", interval.low / kGiga, interval.high / kGiga);
}

std::string about(const ConfidenceInterval& interval, Judgement judgement) {
  if (judgement == Judgement::fails) return "all of " + in_gigabits(interval) + " is beyond the bound";
  return "the bound is within " + in_gigabits(interval) + ": " + kRemedy;
}

// What a lower goodput than the path's speaks for: that it is too low, or low enough.
bool is_for_want_of_more(Judgement judgement, const traffic::Bound& bound) {
  return judgement == (std::isinf(bound.high) ? Judgement::fails : Judgement::holds);
}

constexpr const char* kSenderLimit = ", but the path may be faster: ";
constexpr const char* kSlowSender = ", but less was sent than was to be: ";

std::string described(const traffic::Bound& bound) {
  if (std::isinf(bound.high)) return fmt::format("at least {:.4g} Gbit/s", bound.low / kGiga);
  return fmt::format("at most {:.4g} Gbit/s", bound.high / kGiga);
}

// Those after the warm-up, without those of less than half the usual length: the rest at the end, which would
// weigh as much as a whole one.
std::vector<traffic::Interval> whole_intervals(std::vector<traffic::Interval> all, std::chrono::nanoseconds warm_up) {
  const auto length = [](const traffic::Interval& interval) { return interval.to - interval.from; };
  std::erase_if(all, [&](const auto& interval) { return interval.from < warm_up; });
  if (all.empty()) return all;
  auto lengths = all;
  const auto middle = lengths.begin() + static_cast<std::ptrdiff_t>(lengths.size() / 2);
  std::ranges::nth_element(lengths, middle, {}, length);
  std::erase_if(all, [&](const auto& interval) { return 2 * length(interval) < length(*middle); });
  return all;
}

// Those of one measurement that count.
std::vector<traffic::Interval> counted(const traffic::TcpResult& measured) {
  return whole_intervals(measured.intervals, measured.warm_up);
}

// Of datagrams, a receiver waits for late ones when all are sent: what arrives no more is no part of the rate.
std::vector<traffic::Interval> counted(const traffic::UdpResult& measured) {
  auto all = measured.intervals;
  std::erase_if(all, [&](const auto& interval) { return interval.to > measured.elapsed; });
  return whole_intervals(std::move(all), {});
}

constexpr const char* kOneNumber =
    " is one number, which says nothing of its spread: take interval samples (RunOptions::interval), five at least, or "
    "use goodput(), which repeats";

// How one measurement keeps a bound of its goodput.
template <class Result>
bool judge_one(const Result& measured, const traffic::Bound& bound, std::ostream* told) {
  std::vector<double> samples;
  for (const auto& interval : counted(measured))
    samples.push_back(static_cast<double>(interval.goodput().bits_per_second()));
  const auto whole = fmt::format("{:.4g} Gbit/s", static_cast<double>(measured.goodput().bits_per_second()) / kGiga);
  if (samples.size() < kFewestIntervals) return is_met(Judgement::inconclusive, whole + kOneNumber, told);
  const auto interval = value_or_throw(traffic::summarize(samples, kConfidence)).mean_interval;
  const auto judgement = judge(interval, bound);
  if (const auto spoilers = measured.spoilers(); !spoilers.empty() && is_for_want_of_more(judgement, bound))
    return is_met(Judgement::inconclusive, whole + kSenderLimit + spoilers.front(), told);
  auto words = whole + "; " + about(interval, judgement);
  if (judgement != Judgement::holds)
    for (const auto& reason : measured.machine.spoilers()) words += "; spoiled: " + reason;
  return is_met(judgement, words, told);
}

class LossMatcher {
 public:
  using is_gtest_matcher = void;
  explicit LossMatcher(double share) : share_{share} {}

  bool MatchAndExplain(const traffic::UdpResult& measured, ::testing::MatchResultListener* listener) const {
    const auto lost = fmt::format("of which {} of {} datagrams were lost ({:.3g}%)", measured.lost(), measured.sent,
                                  100 * measured.loss());
    if (const auto spoilers = measured.spoilers(); measured.loss() <= share_ && !spoilers.empty())
      return is_met(Judgement::inconclusive, lost + kSlowSender + spoilers.front(), listener->stream());
    *listener << lost;
    return measured.loss() <= share_;
  }
  void DescribeTo(std::ostream* out) const { *out << fmt::format("lost at most {:.3g}%", 100 * share_); }
  void DescribeNegationTo(std::ostream* out) const { *out << fmt::format("lost more than {:.3g}%", 100 * share_); }

 private:
  double share_;
};

// The places, counted from 1 and from the smallest, between which a percentile lies; `count` + 1 is beyond the last.
// Conover, Practical Nonparametric Statistics, 3.2: the number of samples below it is binomial.
std::pair<std::uint64_t, std::uint64_t> places_of(double share, std::uint64_t count) {
  if (share <= 0) return {1, 1};
  if (share >= 1) return {count, count + 1};
  const boost::math::binomial below{static_cast<double>(count), share};
  const double low = boost::math::quantile(below, (1 - kConfidence) / 2);
  const double high = boost::math::quantile(boost::math::complement(below, (1 - kConfidence) / 2));
  return {static_cast<std::uint64_t>(std::max(low, 1.0)), static_cast<std::uint64_t>(high) + 1};
}

class LatencyMatcher {
 public:
  using is_gtest_matcher = void;
  LatencyMatcher(double percentile, std::chrono::nanoseconds most) : percentile_{percentile}, most_{most} {}

  bool MatchAndExplain(const traffic::LatencyResult& measured, ::testing::MatchResultListener* listener) const {
    const auto count = measured.times.count() + measured.lost;
    if (count == 0) return is_met(Judgement::inconclusive, "nothing was asked", listener->stream());
    const auto [low, high] = places_of(percentile_ / 100, count);
    const ConfidenceInterval interval{value_at(measured, low), value_at(measured, high)};
    const auto judgement = judge(interval, traffic::at_most(static_cast<double>(most_.count())));
    auto why = fmt::format("the {}th percentile of {} requests lies within {} and {}", percentile_, count,
                           in_microseconds(interval.low), in_microseconds(interval.high));
    if (judgement == Judgement::inconclusive)
      why += ": ask more often (LatencyLoad::duration, rate), or where it is quieter";
    return is_met(judgement, why, listener->stream());
  }
  void DescribeTo(std::ostream* out) const { describe(out, "at most"); }
  void DescribeNegationTo(std::ostream* out) const { describe(out, "more than"); }

 private:
  // In ns, of all requests in ascending order; one without an answer comes last.
  static double value_at(const traffic::LatencyResult& measured, std::uint64_t place) {
    const auto answered = measured.times.count();
    if (place > answered) return std::numeric_limits<double>::infinity();
    const double percent = 100 * static_cast<double>(place) / static_cast<double>(answered);
    return static_cast<double>(measured.times.percentile(percent).count());
  }
  static std::string in_microseconds(double nanoseconds) {
    return std::isinf(nanoseconds) ? "no answer" : fmt::format("{:.4g} us", nanoseconds / 1000);
  }
  void describe(std::ostream* out, const char* word) const {
    *out << fmt::format("{}th percentile {} {}", percentile_, word,
                        in_microseconds(static_cast<double>(most_.count())));
  }

  double percentile_;
  std::chrono::nanoseconds most_;
};

class NoSlowerMatcher {
 public:
  using is_gtest_matcher = void;
  NoSlowerMatcher(Repeated baseline, double tolerance) : baseline_{std::move(baseline)}, tolerance_{tolerance} {}

  bool MatchAndExplain(const Repeated& measured, ::testing::MatchResultListener* listener) const {
    traffic::Significance significance;
    significance.tolerance = tolerance_;
    const auto found = traffic::compare(baseline_, measured, significance);
    if (!found) return is_met(Judgement::inconclusive, found.error().message(), listener->stream());
    const auto judgement = judged(*found);
    if (judgement == Judgement::fails && measured.is_sender_limited())
      return is_met(Judgement::inconclusive,
                    found->to_string() + " of the baseline" + kSenderLimit + measured.sender_limit, listener->stream());
    if (judgement == Judgement::holds && baseline_.is_sender_limited())
      return is_met(Judgement::inconclusive,
                    found->to_string() + " of the baseline, whose path may be faster: " + baseline_.sender_limit,
                    listener->stream());
    const auto why = fmt::format("{} of the baseline; {}", found->to_string(), kRemedy);
    return is_met(judgement, why, listener->stream());
  }
  void DescribeTo(std::ostream* out) const {
    *out << fmt::format("at most {:.3g}% slower than the baseline", 100 * tolerance_);
  }
  void DescribeNegationTo(std::ostream* out) const {
    *out << fmt::format("more than {:.3g}% slower than the baseline", 100 * tolerance_);
  }

 private:
  [[nodiscard]] Judgement judged(const traffic::Comparison& found) const {
    if (found.change == traffic::Change::lower) return Judgement::fails;
    return found.interval.low >= 1 - tolerance_ ? Judgement::holds : Judgement::inconclusive;
  }

  Repeated baseline_;
  double tolerance_;
};

}  // namespace

bool GoodputMatcher::MatchAndExplain(const Repeated& measured, ::testing::MatchResultListener* listener) const {
  const auto& interval = measured.summary.mean_interval;
  const auto judgement = judge(interval, bound_);
  const auto whole = measured.to_string("Gbit/s", kGiga);
  if (measured.is_sender_limited() && is_for_want_of_more(judgement, bound_))
    return is_met(Judgement::inconclusive, whole + kSenderLimit + measured.sender_limit, listener->stream());
  return is_met(judgement, whole + "; " + about(interval, judgement), listener->stream());
}
bool GoodputMatcher::MatchAndExplain(const traffic::TcpResult& measured,
                                     ::testing::MatchResultListener* listener) const {
  return judge_one(measured, bound_, listener->stream());
}
bool GoodputMatcher::MatchAndExplain(const traffic::UdpResult& measured,
                                     ::testing::MatchResultListener* listener) const {
  return judge_one(measured, bound_, listener->stream());
}
void GoodputMatcher::DescribeTo(std::ostream* out) const { *out << "goodput " << described(bound_); }
void GoodputMatcher::DescribeNegationTo(std::ostream* out) const { *out << "goodput not " << described(bound_); }

GoodputMatcher GoodputAtLeast(Bandwidth least) {
  return GoodputMatcher{traffic::at_least(static_cast<double>(least.bits_per_second()))};
}
GoodputMatcher GoodputAtMost(Bandwidth most) {
  return GoodputMatcher{traffic::at_most(static_cast<double>(most.bits_per_second()))};
}
::testing::Matcher<const traffic::TcpResult&> TcpGoodputAtLeast(Bandwidth least) { return GoodputAtLeast(least); }
::testing::Matcher<const traffic::UdpResult&> LossAtMost(double share) { return LossMatcher{share}; }
::testing::Matcher<const traffic::LatencyResult&> LatencyAtMost(double percentile, std::chrono::nanoseconds most) {
  return LatencyMatcher{percentile, most};
}
::testing::Matcher<const Repeated&> NoSlowerThan(const Repeated& baseline, double tolerance) {
  return NoSlowerMatcher{baseline, tolerance};
}

traffic::Bound RatioAtLeast(double ratio) { return traffic::at_least(ratio); }
traffic::Bound RatioAtMost(double ratio) { return traffic::at_most(ratio); }
traffic::Bound RatioBetween(double low, double high) { return traffic::between(low, high); }

namespace {

// Which side's slow sender a ratio owes it to that its bound is kept or not, if one's: without it, it might be
// otherwise.
const Repeated* slow_sender(const traffic::Comparison& found, Judgement judgement, const traffic::Bound& bound,
                            const Repeated& first, const Repeated& second) {
  const auto limited = [](const Repeated& side) { return side.is_sender_limited() ? &side : nullptr; };
  if (judgement == Judgement::fails) return limited(found.ratio < bound.low ? first : second);
  if (judgement != Judgement::holds) return nullptr;
  if (const auto* side = limited(first); side != nullptr && std::isfinite(bound.high)) return side;
  return std::isfinite(bound.low) ? limited(second) : nullptr;
}

}  // namespace

::testing::AssertionResult GoodputRatio(const Repeated& first, const Repeated& second, const traffic::Bound& bound) {
  const auto found = traffic::compare(second, first);
  if (!found) return ::testing::AssertionFailure() << found.error().message();
  auto judgement = judge(found->interval, bound);
  std::string remedy = kRemedy;
  if (const auto* slow = slow_sender(*found, judgement, bound, first, second); slow != nullptr) {
    judgement = Judgement::inconclusive;
    remedy = fmt::format("the {}'s path may be faster: {}", slow == &first ? "first" : "second", slow->sender_limit);
  }
  std::ostringstream why;
  const auto text = fmt::format("the ratio is {}\n  first:  {}\n  second: {}\n  {}", found->to_string(),
                                first.to_string("Gbit/s", kGiga), second.to_string("Gbit/s", kGiga), remedy);
  if (is_met(judgement, text, &why)) return ::testing::AssertionSuccess();
  if (judgement == Judgement::inconclusive) ADD_FAILURE() << "a comparison " << why.str();
  return ::testing::AssertionFailure() << "which was to be " << fmt::format("{:.3g} to {:.3g}, ", bound.low, bound.high)
                                       << why.str();
}

}  // namespace netrig
