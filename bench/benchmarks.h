// What netrig_bench measures, and how often.
#pragma once

#include <benchmark/benchmark.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace netrig::bench {

/// A lab of `hosts` hosts, and how many samples make a run of it. The large ones take seconds each: ask for more with
/// --benchmark_repetitions.
struct LabSize {
  std::size_t hosts;
  std::int64_t setups;
  std::int64_t cycles;
  std::int64_t recipes;
};

inline constexpr std::array<LabSize, 4> kSizes{{{3, 30, 100, 3}, {10, 20, 50, 2}, {100, 6, 10, 1}, {500, 2, 3, 1}}};
inline constexpr std::int64_t kPairCycles = 200;
inline constexpr std::int64_t kProcesses = 20;
inline constexpr std::int64_t kEntries = 100;
inline constexpr std::int64_t kParallels = 10;
inline constexpr std::int64_t kChecks = 300;
inline constexpr std::int64_t kMatrices = 5;
inline constexpr std::array<std::size_t, 2> kRuleCounts{1000, 10'000};
inline constexpr std::int64_t kLoads = 60;         ///< of the smaller ruleset; of a larger one in proportion
inline constexpr std::size_t kMostReleased = 100;  ///< hosts: the last with a program in each

/// `PREFIX/N`
std::string name_of(const std::string& prefix, const LabSize& size);
/// Milliseconds that the benchmark measures itself (State::SetIterationTime).
void as_setup(benchmark::internal::Benchmark* benchmark, std::int64_t iterations);
/// Microseconds that the benchmark measures itself.
void as_release(benchmark::internal::Benchmark* benchmark, std::int64_t iterations);
/// Milliseconds from the first iteration to the last, idle time included.
void as_cycle(benchmark::internal::Benchmark* benchmark, std::int64_t iterations);

/// LabSetup/bridge/N, LabCycle/bridge/N, LabCycle/p2p
void register_labs();
/// RawFloor/bridge/N, RawBaseline/bridge/N, RawCycle/bridge/N, RawCycle/p2p
void register_raw();
/// ShellRecipe/bridge/N
void register_shell();
/// ProcessOverhead, SandboxEntry
void register_processes();
/// LabRelease/bridge/N, LabRelease/programs/N, RawRelease/bridge/N, LabRelease/p2p, RawRelease/p2p
void register_releases();
/// Cycle/10000
void register_cycles();
/// Parallel/64/serial, /threads, /processes and RawParallel/64/...
void register_parallel();
/// FirewallCheck/allowed, /blocked, ReachabilityMatrix/20x20x3
void register_firewalls();
/// RulesetLoad/N, RulesetValues/N, NftLoad/N
void register_rulesets();
/// Tcp/PATH/streams:N, Udp/PATH/bytes:N, Latency/PATH/tcp and /udp, ConnectionRate/PATH, ConnectionsHeld/PATH
void register_traffic();
/// The same after Iperf3/, Sockperf/ and Raw/
void register_traffic_twins();

}  // namespace netrig::bench
