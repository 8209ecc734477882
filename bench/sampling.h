// Timing things that leave work behind: what a network leaves to the kernel when it goes must not be charged to the
// next sample, nor be forgotten where the question is a cycle.
#pragma once

#include <netrig/base/result.h>
#include <netrig/bench/reaping.h>

#include <benchmark/benchmark.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace netrig::bench {

/// The name of the counter that holds the median of a run's samples, in milliseconds.
inline constexpr const char* kMedianCounter = "median_ms";

/// Times of a run's iterations.
class Samples {
 public:
  void add(std::chrono::nanoseconds time) { times_.push_back(time); }
  /// The median of those added since the last forget().
  [[nodiscard]] double median_ms() const;
  void forget() { times_.clear(); }
  /// Hands the median to `state`.
  void report(benchmark::State& state);

 private:
  std::vector<std::chrono::nanoseconds> times_;
};

/// Ends a benchmark with the error, and says so.
void skip(benchmark::State& state, const Error& error);

/// Set-up alone, for UseManualTime(). `build()` returns a Result; what it holds is destroyed outside the timing, and
/// the next sample starts when the kernel has reaped every namespace of the last.
template <class Build>
void time_setup(benchmark::State& state, Build build) {
  Samples samples;
  for (auto _ : state) {
    const auto start = std::chrono::steady_clock::now();
    std::optional network{build()};
    const std::chrono::nanoseconds time = std::chrono::steady_clock::now() - start;
    if (!*network) return skip(state, network->error());
    state.SetIterationTime(std::chrono::duration<double>(time).count());
    samples.add(time);
    network.reset();
    if (auto reaped = wait_until_reaped(); !reaped) return skip(state, reaped.error());
  }
  samples.report(state);
}

/// The end of what `build()` makes, alone, for UseManualTime().
template <class Build>
void time_release(benchmark::State& state, Build build) {
  Samples samples;
  for (auto _ : state) {
    std::optional network{build()};
    if (!*network) return skip(state, network->error());
    const auto start = std::chrono::steady_clock::now();
    network.reset();
    const std::chrono::nanoseconds time = std::chrono::steady_clock::now() - start;
    state.SetIterationTime(std::chrono::duration<double>(time).count());
    samples.add(time);
    if (auto reaped = wait_until_reaped(); !reaped) return skip(state, reaped.error());
  }
  samples.report(state);
}

/// Set-up and teardown back to back, for UseRealTime(): each pays for what the kernel still does for those before it.
/// The iterations' mean is the figure; the median hides the waits.
template <class Build>
void time_cycle(benchmark::State& state, Build build) {
  for (auto _ : state) {
    auto network = build();
    if (!network) return skip(state, network.error());
    const auto gone = std::move(network);
  }
  if (auto reaped = wait_until_reaped(); !reaped) skip(state, reaped.error());
}

}  // namespace netrig::bench
