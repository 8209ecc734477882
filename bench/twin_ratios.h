// Benchmarks beside their twins of the same run: `Tcp/veth/streams:1` and `Iperf3/Tcp/veth/streams:1`.
#pragma once

#include <netrig/traffic/statistics.h>

#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace netrig::bench {

/// Rates of one run (bytes_per_second, else items_per_second), by benchmark name without suffixes; one a repetition.
using Rates = std::map<std::string, std::vector<double>>;

/// A benchmark over its twin.
struct TwinRatio {
  std::string what, twin;
  double ratio = 0;  ///< of the medians
  std::size_t repetitions = 0;
  std::optional<traffic::ConfidenceInterval>
      interval;  ///< of the geometric means' ratio, 95%; none of a single repetition
};

/// Each of `rates` that has a twin in it: the same name after `Iperf3/`, `Sockperf/`, `Iputils/` or `Raw/`.
std::vector<TwinRatio> twin_ratios(const Rates& rates);

/// `Tcp/veth/streams:1 over Iperf3/...: 2.31x (median of 9; geometric means: 2.20x to 2.42x)`, a line each; nothing for
/// none.
void print(std::ostream& out, const std::vector<TwinRatio>& ratios);

}  // namespace netrig::bench
