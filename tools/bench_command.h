// `netrig bench compare`: two runs of a benchmark program, and whether the second is slower.
#pragma once

#include <netrig/tools/command.h>

#include <string>

namespace netrig::tools {

struct BenchCompareOptions {
  std::string before;
  std::string after;
  std::string metric;  ///< as read_results() takes it
  std::string plot;    ///< where to write an SVG; empty: nowhere
  bool json = false;
  bool strict = false;       ///< what is not known counts as slower
  double tolerance = 0.05;   ///< differences up to this part count as none
  double confidence = 0.95;  ///< of the ratio's interval
};

/// Prints the table (or JSON) on standard output. kMissing when a benchmark is slower; kUsage, with a message on
/// standard error, for files or numbers that cannot be used.
int run_bench_compare(const BenchCompareOptions& options);

}  // namespace netrig::tools
