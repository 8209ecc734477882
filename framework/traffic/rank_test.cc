// The rank-sum test. Exact: among all ways to choose which ranks are the first's, how many give a U so far from the
// middle; counted with the recurrence of Mann and Whitney (Annals of Mathematical Statistics 18, 1947).
#include <netrig/traffic/statistics.h>

#include <boost/math/distributions/normal.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

namespace netrig::traffic {

namespace {

constexpr std::size_t kMostExact = 20;

// How often the first's sample is above the second's; equal ones count half.
double statistic(std::span<const double> first, std::span<const double> second) {
  double above = 0;
  for (const double one : first) {
    for (const double other : second) above += one > other ? 1 : one == other ? 0.5 : 0;
  }
  return above;
}

// The sizes of the groups of equal samples among both.
std::vector<double> ties(std::span<const double> first, std::span<const double> second) {
  std::vector<double> all{first.begin(), first.end()};
  all.insert(all.end(), second.begin(), second.end());
  std::ranges::sort(all);
  std::vector<double> sizes;
  for (auto group = all.begin(); group != all.end();) {
    const auto end = std::upper_bound(group, all.end(), *group);
    if (end - group > 1) sizes.push_back(static_cast<double>(end - group));
    group = end;
  }
  return sizes;
}

// Of all choices of `first` ranks among `first + second`, the number with each U: the coefficients of the Gaussian
// binomial, product of (1 - q^(second + i)) / (1 - q^i).
std::vector<double> distribution(std::size_t first, std::size_t second) {
  std::vector<double> counts(first * second + 1, 0.0);
  counts[0] = 1;
  for (std::size_t i = 1; i <= first; ++i) {
    for (std::size_t u = counts.size(); u-- > second + i;) counts[u] -= counts[u - second - i];
    for (std::size_t u = i; u < counts.size(); ++u) counts[u] += counts[u - i];
  }
  return counts;
}

double exact(std::size_t first, std::size_t second, double u) {
  const auto counts = distribution(first, second);
  const double middle = static_cast<double>(first * second) / 2, distance = std::abs(u - middle);
  double far = 0, all = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    all += counts[i];
    if (std::abs(static_cast<double>(i) - middle) >= distance) far += counts[i];
  }
  return far / all;
}

double approximate(double first, double second, double u, const std::vector<double>& tied) {
  const double all = first + second;
  double shrink = 0;
  for (const double size : tied) shrink += size * size * size - size;
  const double variance = first * second / 12 * (all + 1 - shrink / (all * (all - 1)));
  if (variance <= 0) return 1;  // all are equal
  const double z = std::max(0.0, std::abs(u - first * second / 2) - 0.5) / std::sqrt(variance);
  return std::min(1.0, 2 * boost::math::cdf(boost::math::complement(boost::math::normal{}, z)));
}

}  // namespace

double rank_test(std::span<const double> first, std::span<const double> second) {
  if (first.empty() || second.empty()) return 1;
  const double u = statistic(first, second);
  const auto tied = ties(first, second);
  if (tied.empty() && std::max(first.size(), second.size()) <= kMostExact) {
    return exact(first.size(), second.size(), u);
  }
  return approximate(static_cast<double>(first.size()), static_cast<double>(second.size()), u, tied);
}

}  // namespace netrig::traffic
