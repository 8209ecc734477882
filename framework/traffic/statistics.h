// What repeated measurements of one quantity say of it, and of another one beside it.
//
//   const Summary goodput = summarize(samples);          // mean, its interval, median, outliers
//   if (goodput.mean_interval.low >= 5e9) ...            // judge(goodput.mean_interval, at_least(5e9)) has three
//   answers const Comparison change = compare(before, after);    // ratio after/before, its interval, p of a rank test
//
// Nothing is dropped: outliers are counted and named, and stay in every figure. The intervals are Student's (the mean
// of a few samples) and Welch's on logarithms (a ratio of two means of positive quantities); the test is that of Mann,
// Whitney and Wilcoxon, which supposes no distribution. Sources: NIST/SEMATECH e-Handbook of Statistical Methods,
// 1.3.5.2 and 7.4.
#pragma once

#include <netrig/base/result.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace netrig::traffic {

/// Both ends belong to it. In the unit of what was measured.
struct ConfidenceInterval {
  double low = 0;
  double high = 0;
  friend bool operator==(const ConfidenceInterval&, const ConfidenceInterval&) = default;
};

/// Samples of one quantity.
struct Summary {
  std::size_t count = 0;
  double mean = 0;
  double deviation = 0;  ///< standard deviation of the samples (n - 1)
  double median = 0;
  double least = 0;
  double most = 0;
  double confidence = 0;             ///< of mean_interval: 0.95
  ConfidenceInterval mean_interval;  ///< of the mean; from minus to plus infinity for a single sample
  std::vector<double> outliers;      ///< beyond Tukey's fences, 1.5 interquartile ranges from the quartiles

  /// Half the interval's width over the mean: 0.05 is "+/-5%". Infinity for a single sample or a mean of 0.
  [[nodiscard]] double relative_half_width() const;
  /// deviation / mean. Infinity for a mean of 0 of samples that differ.
  [[nodiscard]] double coefficient_of_variation() const;
  /// `mean 9.41 Gbit/s +/-1.2% (95%, 9 samples), median 9.43, 9.12 to 9.60, 1 outlier (9.12)`, of values divided by
  /// `scale`.
  [[nodiscard]] std::string to_string(std::string_view unit = {}, double scale = 1) const;
};

/// Errors: no samples; one that is not finite; a confidence not between 0 and 1.
Result<Summary> summarize(std::span<const double> samples, double confidence = 0.95);

/// The `fraction`-quantile (0 to 1), interpolated between the two samples nearest (R's type 7). Of no samples: NaN.
double quantile(std::span<const double> samples, double fraction);

/// What a comparison finds of the second quantity beside the first.
enum class Change {
  none,          ///< the interval of the ratio lies within the tolerance
  higher,        ///< beyond the tolerance, and not by chance
  lower,         ///< likewise
  inconclusive,  ///< too few samples, or too noisy, to say
};
/// `higher`, ...
std::string_view to_string(Change change);

/// When a difference counts.
struct Significance {
  double confidence = 0.95;  ///< of the ratio's interval
  double level = 0.01;       ///< p of the rank test at or below which a difference is not put down to chance
  double tolerance = 0.05;   ///< ratios within 1 - this to 1 + this are the same for practical purposes
};

/// Two quantities measured alike, `second` beside `first`.
struct Comparison {
  Summary first;
  Summary second;
  double ratio = 0;             ///< second / first, of the geometric means
  ConfidenceInterval interval;  ///< of the ratio
  double p = 1;                 ///< two-sided, of the rank test: how often chance alone would differ as much
  Change change = Change::inconclusive;
  Significance significance;
  /// `0.81x (0.79x to 0.83x, p = 0.0004): lower`
  [[nodiscard]] std::string to_string() const;
};

/// Errors: fewer than two samples of either; one that is not positive and finite; a confidence or level not between 0
/// and 1; a negative tolerance.
Result<Comparison> compare(std::span<const double> first, std::span<const double> second,
                           const Significance& significance = {});

/// The two-sided p of the rank-sum test: exact for up to 20 samples of each without ties, else by the normal
/// approximation with corrections for ties and continuity. 1 where either is empty.
double rank_test(std::span<const double> first, std::span<const double> second);

/// A bound that something measured is held against.
struct Bound {
  double low;   ///< minus infinity where there is none
  double high;  ///< plus infinity where there is none
};
Bound at_least(double value);
Bound at_most(double value);
Bound between(double low, double high);

/// What can be said of a bound.
enum class Judgement {
  holds,         ///< the whole interval keeps it
  fails,         ///< no part of the interval keeps it
  inconclusive,  ///< the interval reaches over the bound: measure longer, or where it is quieter
};
std::string_view to_string(Judgement judgement);
Judgement judge(const ConfidenceInterval& interval, const Bound& bound);

}  // namespace netrig::traffic
