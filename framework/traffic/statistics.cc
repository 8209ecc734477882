#include <netrig/traffic/statistics.h>

#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <boost/math/statistics/univariate_statistics.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

namespace netrig::traffic {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kFence = 1.5;  // of interquartile ranges: Tukey, Exploratory Data Analysis (1977)

Result<void> check_fraction(std::string_view what, double value) {
  if (value > 0 && value < 1) return {};
  return fail(Error::invalid("evaluate samples", fmt::format("{} {}", what, value), "give one between 0 and 1"));
}

// The t-quantile of a two-sided interval.
double student(double confidence, double degrees) {
  return boost::math::quantile(boost::math::complement(boost::math::students_t{degrees}, (1 - confidence) / 2));
}

double variance_of_mean(const std::vector<double>& values) {
  return boost::math::statistics::sample_variance(values) / static_cast<double>(values.size());
}

std::vector<double> outliers_of(std::span<const double> samples) {
  const double low = quantile(samples, 0.25), high = quantile(samples, 0.75), reach = kFence * (high - low);
  std::vector<double> found;
  std::ranges::copy_if(samples, std::back_inserter(found),
                       [&](double each) { return each < low - reach || each > high + reach; });
  std::ranges::sort(found);
  return found;
}

Result<std::vector<double>> logarithms(std::span<const double> samples) {
  if (samples.size() < 2)
    return fail(Error::invalid("compare samples", fmt::format("{} of them", samples.size()), "two of each at least"));
  std::vector<double> logs;
  for (const double each : samples) {
    if (!(each > 0) || !std::isfinite(each))
      return fail(Error::invalid("compare samples", fmt::to_string(each), "a ratio is of positive, finite quantities"));
    logs.push_back(std::log(each));
  }
  return logs;
}

// Welch's interval of the difference of two means, and its middle.
struct Difference {
  double middle;
  double half_width;
};
Difference difference_of(const std::vector<double>& first, const std::vector<double>& second, double confidence) {
  using boost::math::statistics::mean;
  const double one = variance_of_mean(first), two = variance_of_mean(second), sum = one + two;
  const double middle = mean(second) - mean(first);
  if (sum == 0) return {middle, 0};
  const auto freedom = [](double variance, std::size_t count) {
    return variance * variance / static_cast<double>(count - 1);
  };
  const double degrees = sum * sum / (freedom(one, first.size()) + freedom(two, second.size()));
  return {middle, student(confidence, degrees) * std::sqrt(sum)};
}

Change change_of(const Comparison& found) {
  const double low = 1 - found.significance.tolerance, high = 1 + found.significance.tolerance;
  if (found.interval.low >= low && found.interval.high <= high) return Change::none;
  if (found.p > found.significance.level) return Change::inconclusive;
  if (found.interval.low > 1 && found.ratio > high) return Change::higher;
  if (found.interval.high < 1 && found.ratio < low) return Change::lower;
  return Change::inconclusive;
}

}  // namespace

double Summary::relative_half_width() const {
  if (count < 2 || mean == 0) return kInfinity;
  return (mean_interval.high - mean_interval.low) / 2 / std::abs(mean);
}

double Summary::coefficient_of_variation() const {
  if (deviation == 0) return 0;
  return mean == 0 ? kInfinity : deviation / std::abs(mean);
}

std::string Summary::to_string(std::string_view unit, double scale) const {
  const auto scaled = [&](double value) { return fmt::format("{:.4g}", value / scale); };
  std::string text = fmt::format("mean {}{}{}", scaled(mean), unit.empty() ? "" : " ", unit);
  if (count > 1)
    text += fmt::format(" +/-{:.2g}% ({:.3g}%, {} samples)", 100 * relative_half_width(), 100 * confidence, count);
  if (count == 1) return text + " (one sample)";
  text += fmt::format(", median {}, {} to {}", scaled(median), scaled(least), scaled(most));
  if (outliers.empty()) return text;
  std::vector<std::string> named;
  std::ranges::transform(outliers, std::back_inserter(named), scaled);
  return text + fmt::format(", {} {} ({})", outliers.size(), outliers.size() == 1 ? "outlier" : "outliers",
                            fmt::join(named, ", "));
}

Result<Summary> summarize(std::span<const double> samples, double confidence) {
  NETRIG_TRY(check_fraction("confidence", confidence));
  if (samples.empty()) return fail(Error::invalid("evaluate samples", "", "there are none"));
  if (const auto odd = std::ranges::find_if(samples, [](double each) { return !std::isfinite(each); });
      odd != samples.end())
    return fail(Error::invalid("evaluate samples", fmt::to_string(*odd), "each must be a finite number"));
  Summary found;
  found.count = samples.size();
  found.confidence = confidence;
  found.mean_interval = {-kInfinity, kInfinity};
  const std::vector<double> values{samples.begin(), samples.end()};
  found.mean = boost::math::statistics::mean(values);
  found.median = quantile(samples, 0.5);
  std::tie(found.least, found.most) = std::pair{std::ranges::min(samples), std::ranges::max(samples)};
  found.outliers = outliers_of(samples);
  if (values.size() < 2) return found;
  found.deviation = std::sqrt(boost::math::statistics::sample_variance(values));
  const double half = student(confidence, static_cast<double>(values.size() - 1)) * std::sqrt(variance_of_mean(values));
  found.mean_interval = {found.mean - half, found.mean + half};
  return found;
}

double quantile(std::span<const double> samples, double fraction) {
  if (samples.empty()) return std::numeric_limits<double>::quiet_NaN();
  std::vector<double> sorted{samples.begin(), samples.end()};
  std::ranges::sort(sorted);
  const double place = std::clamp(fraction, 0.0, 1.0) * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  if (below + 1 == sorted.size()) return sorted.back();
  return std::lerp(sorted[below], sorted[below + 1], place - static_cast<double>(below));
}

std::string_view to_string(Change change) {
  switch (change) {
    case Change::none:
      return "same";
    case Change::higher:
      return "higher";
    case Change::lower:
      return "lower";
    case Change::inconclusive:
      break;
  }
  return "inconclusive";
}

std::string Comparison::to_string() const {
  return fmt::format("{:.3g}x ({:.3g}x to {:.3g}x, p = {:.2g}): {}", ratio, interval.low, interval.high, p,
                     traffic::to_string(change));
}

Result<Comparison> compare(std::span<const double> first, std::span<const double> second,
                           const Significance& significance) {
  NETRIG_TRY(check_fraction("level", significance.level));
  if (significance.tolerance < 0)
    return fail(
        Error::invalid("compare samples", fmt::format("tolerance {}", significance.tolerance), "give 0 or more"));
  Comparison found;
  found.significance = significance;
  found.first = NETRIG_TRY(summarize(first, significance.confidence));
  found.second = NETRIG_TRY(summarize(second, significance.confidence));
  const auto difference =
      difference_of(NETRIG_TRY(logarithms(first)), NETRIG_TRY(logarithms(second)), significance.confidence);
  found.ratio = std::exp(difference.middle);
  found.interval = {std::exp(difference.middle - difference.half_width),
                    std::exp(difference.middle + difference.half_width)};
  found.p = rank_test(first, second);
  found.change = change_of(found);
  return found;
}

Bound at_least(double value) { return {value, kInfinity}; }
Bound at_most(double value) { return {-kInfinity, value}; }
Bound between(double low, double high) { return {low, high}; }

std::string_view to_string(Judgement judgement) {
  switch (judgement) {
    case Judgement::holds:
      return "holds";
    case Judgement::fails:
      return "fails";
    case Judgement::inconclusive:
      break;
  }
  return "inconclusive";
}

Judgement judge(const ConfidenceInterval& interval, const Bound& bound) {
  if (interval.low >= bound.low && interval.high <= bound.high) return Judgement::holds;
  if (interval.high < bound.low || interval.low > bound.high) return Judgement::fails;
  return Judgement::inconclusive;
}

}  // namespace netrig::traffic
