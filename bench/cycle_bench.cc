// Cycle/10000: the ten-thousandth lab of a process costs what the first did, in time, descriptors and memory.
#include <netrig/bench/benchmarks.h>
#include <netrig/bench/networks.h>
#include <netrig/bench/ratios.h>
#include <netrig/bench/sampling.h>
#include <netrig/topology/lab.h>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <unistd.h>
#include <vector>

namespace netrig::bench {

namespace {

constexpr std::size_t kRows = 10;
constexpr std::size_t kCyclesARow = 1000;

std::size_t open_files() {
  const std::filesystem::directory_iterator all{"/proc/self/fd"};
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

std::size_t resident_kib() {
  std::size_t size = 0, resident = 0;
  std::ifstream{"/proc/self/statm"} >> size >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE)) / 1024;
}

// Two hosts, a cable, one packet there and back.
Result<void> live_once() {
  const auto lab = NETRIG_TRY(Lab::build(pair()));
  const auto target = lab["right"].address();
  if (lab["left"].ping({.destination = target, .count = 1}).complete()) return {};
  return fail(Error::invalid("ping", target.to_string(), "no reply"));
}

Result<double> median_of_a_row() {
  Samples samples;
  for (std::size_t i = 0; i < kCyclesARow; ++i) {
    const auto start = std::chrono::steady_clock::now();
    NETRIG_TRY(live_once());
    samples.add(std::chrono::steady_clock::now() - start);
  }
  return samples.median_ms();
}

// One iteration, all ten thousand in it. On standard error: standard output may be JSON.
void cycles(benchmark::State& state) {
  std::vector<double> medians;
  for (auto _ : state) {
    for (std::size_t row = 1; row <= kRows; ++row) {
      const auto median = median_of_a_row();
      if (!median) return skip(state, median.error());
      medians.push_back(*median);
      fmt::print(stderr, "Cycle: labs {:>6}  median {:.3f} ms  files {}  RSS {} KiB\n", row * kCyclesARow, *median,
                 open_files(), resident_kib());
    }
  }
  state.counters[kLastOverFirstCounter] = medians.back() / medians.front();
  state.counters[kMedianCounter] = medians.back();
  if (auto reaped = wait_until_reaped(); !reaped) skip(state, reaped.error());
}

}  // namespace

void register_cycles() { as_cycle(benchmark::RegisterBenchmark("Cycle/10000", cycles), 1); }

}  // namespace netrig::bench
