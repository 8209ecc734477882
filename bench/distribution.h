// A latency histogram in the label of a benchmark's run, which is where Google Benchmark's JSON has room for one:
//
//   "label": "latency_us 11.264:3 11.392:418 ..."         up to so many microseconds: so many more
//
// `netrig bench compare --plot` draws its distribution curves from these. A table on a terminal leaves them out.
#pragma once

#include <netrig/traffic/histogram.h>

#include <string>
#include <string_view>

namespace netrig::bench {

/// What such a label begins with.
inline constexpr std::string_view kDistribution = "latency_us";

/// Of each bucket that holds something, in ascending order: its upper bound and its count. Empty where none does.
std::string distribution_label(const traffic::LatencyHistogram& histogram);

}  // namespace netrig::bench
