// What the figures of one run say together: each promise as a ratio or a time, its target beside it.
#pragma once

#include <netrig/bench/twin_ratios.h>

#include <benchmark/benchmark.h>

#include <functional>
#include <iosfwd>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace netrig::bench {

/// Figures of one run, in milliseconds, by benchmark name without suffixes; several a name when it was repeated.
using Figures = std::map<std::string, std::vector<double>>;

/// The counter of a benchmark that says how much slower its last part was than its first, and what is added to the
/// benchmark's name for the figure that comes of it.
inline constexpr const char* kLastOverFirstCounter = "last_over_first";
inline constexpr const char* kLastOverFirst = " last : first";

/// One promise, measured. `limit` is an upper bound, or a lower one if `at_least`.
struct Promise {
  std::string what;  ///< `LabSetup/bridge/3 : RawFloor/bridge/3`
  double value;
  std::string unit;  ///< `x` or ` ms`
  double limit;
  bool at_least;

  [[nodiscard]] bool met() const { return at_least ? value >= limit : value <= limit; }
};

/// The promises for which `figures` has all that is needed. A figure is the median over the repetitions.
std::vector<Promise> promises(const Figures& figures);

/// One line each: `LabSetup/bridge/3 : RawFloor/bridge/3   1.12x   (target: at most 1.30x)  met`
void print(std::ostream& out, const std::vector<Promise>& promises);

/// Passes everything on to `inner`, with names as they were registered (Google Benchmark adds "/iterations:30" and the
/// like), and collects the figures and rates.
class PlainReporter : public benchmark::BenchmarkReporter {
 public:
  /// For a reader that is a program: `add_context` is called before the context is told, and labels with distributions
  /// (distribution.h) are passed on. Without it, for people.
  explicit PlainReporter(std::unique_ptr<BenchmarkReporter> inner, std::function<void()> add_context = {})
      : inner_{std::move(inner)}, add_context_{std::move(add_context)} {}
  bool ReportContext(const Context& context) override;
  void ReportRuns(const std::vector<Run>& report) override;
  void Finalize() override;

  [[nodiscard]] const Figures& figures() const { return figures_; }
  [[nodiscard]] const Rates& rates() const { return rates_; }

 private:
  std::unique_ptr<BenchmarkReporter> inner_;
  std::function<void()> add_context_;
  Figures figures_;
  Rates rates_;
};

}  // namespace netrig::bench
