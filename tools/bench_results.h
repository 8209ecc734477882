// A file that Google Benchmark wrote with --benchmark_out=FILE (JSON): the samples of each benchmark.
#pragma once

#include <netrig/base/result.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace netrig::tools {

/// The repetitions of one benchmark.
struct Series {
  std::string name;             ///< without what repeats: `Tcp/veth/streams:1`
  std::string unit;             ///< of the samples: `ns`, `bytes/s`, or a counter's name
  bool more_is_better = false;  ///< a rate, not a time
  std::vector<double> samples;  ///< one a repetition, in order
  std::string error;            ///< why the benchmark gave up; without samples then
};

/// What a file tells of its run.
struct Results {
  std::string path;
  std::vector<std::pair<std::string, std::string>> context;  ///< machine, load, library: `"num_cpus", "2"`
  std::vector<Series> series;                                ///< in the file's order
};

/// Which number of a benchmark counts. Empty: `bytes_per_second`, else `items_per_second`, else `real_time`, whichever
/// it has. Or a counter's name; one that ends in `_per_second`, or is marked with a leading `+`, is better when higher.
Result<Results> read_results(const std::string& path, std::string_view metric = {});

/// The same of text that was read from `path`. Errors name the path: not JSON (with the byte), not a benchmark's
/// results, aggregates alone, a metric that no benchmark of it has.
Result<Results> parse_results(const std::string& path, const std::string& text, std::string_view metric = {});

}  // namespace netrig::tools
