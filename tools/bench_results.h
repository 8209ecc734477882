// A file that Google Benchmark wrote with --benchmark_out=FILE (JSON): the samples of each benchmark.
#pragma once

#include <netrig/base/result.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace netrig::tools {

/// How a quantity was distributed, of all repetitions together: up to so much, so many more.
using Distribution = std::map<double, std::uint64_t>;

/// The repetitions of one benchmark.
struct Series {
  std::string name;              ///< without what repeats: `Tcp/veth/streams:1`
  std::string unit;              ///< of the samples: `ns`, `bytes/s`, or a counter's name
  bool more_is_better = false;   ///< a rate, not a time
  std::vector<double> samples;   ///< one a repetition, in order
  Distribution latency_us = {};  ///< where a label tells it (`latency_us 11.264:3 11.392:418`); in microseconds
  std::string error;             ///< why the benchmark gave up; without samples then
};

/// What a file tells of its run.
struct Results {
  std::string path;
  std::vector<std::pair<std::string, std::string>> context;  ///< machine, load, library: `"num_cpus", "2"`
  std::vector<Series> series;                                ///< in the file's order
};

/// Whether a key of the context is about what figures depend on besides the code (`environment.kernel`): netrig_bench
/// writes them.
bool is_of_environment(std::string_view context_key);

/// What differs there and matters, a line each: `kernel was 6.1.0, is 6.18.5`; `client.mtu was 1500, is 9000`. That
/// only one of the files tells it is a line too. Nothing where neither does.
std::vector<std::string> environment_differences(const Results& before, const Results& after);

/// Which number of a benchmark counts. Empty: `bytes_per_second`, else `items_per_second`, else `real_time`, whichever
/// it has. Or a counter's name; one that ends in `_per_second`, or is marked with a leading `+`, is better when higher.
Result<Results> read_results(const std::string& path, std::string_view metric = {});

/// The same of text that was read from `path`. Errors name the path: not JSON (with the byte), not a benchmark's
/// results, aggregates alone, a metric that no benchmark of it has.
Result<Results> parse_results(const std::string& path, const std::string& text, std::string_view metric = {});

}  // namespace netrig::tools
