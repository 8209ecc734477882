// Two runs of a benchmark program, compared: faster, slower, same, or not known.
#pragma once

#include <netrig/tools/bench_results.h>
#include <netrig/traffic/statistics.h>

#include <optional>
#include <string>
#include <vector>

namespace netrig::tools {

enum class Speed { faster, slower, same, inconclusive };
std::string_view to_string(Speed speed);

/// One benchmark of the two files.
struct ComparedSeries {
  std::string name;
  std::string unit;
  bool more_is_better = false;
  std::vector<double> before, after;
  Distribution latency_before = {}, latency_after = {};  ///< empty where a file does not tell it
  std::optional<traffic::Comparison> comparison;         ///< none where `note` says why not
  Speed speed = Speed::inconclusive;
  bool is_broken = false;  ///< NEW failed where OLD did not, or no longer has it
  std::string note;  ///< `only in OLD`, `one sample: run with --benchmark_repetitions=9`, an error of the benchmark
};

/// Every benchmark of either file, in the order of the first. Errors: `significance`, as those of traffic::compare().
Result<std::vector<ComparedSeries>> compare(const Results& before, const Results& after,
                                            const traffic::Significance& significance = {});

/// A line a benchmark: name, both medians, ratio of speeds with its interval, p, verdict. What the context tells of a
/// difference between the runs (another machine, another build) stands above, with a warning where it is of the
/// environment.
std::string to_table(const std::vector<ComparedSeries>& all, const Results& before, const Results& after);
std::string to_json(const std::vector<ComparedSeries>& all, const Results& before, const Results& after);

/// A picture that needs nothing beside it (SVG): latencies as distribution curves of all that was measured, over a
/// logarithmic axis; rates as bars with the interval of their mean; other times as distribution curves of their
/// samples.
std::string to_svg(const std::vector<ComparedSeries>& all, const Results& before, const Results& after);

}  // namespace netrig::tools
