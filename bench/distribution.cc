#include <netrig/bench/distribution.h>

#include <fmt/format.h>

namespace netrig::bench {

std::string distribution_label(const traffic::LatencyHistogram& histogram) {
  if (histogram.count() == 0) return {};
  std::string label{kDistribution};
  for (const auto& bucket : histogram.buckets())
    label += fmt::format(" {}:{}", static_cast<double>(bucket.to.count()) / 1e3, bucket.count);
  return label;
}

}  // namespace netrig::bench
