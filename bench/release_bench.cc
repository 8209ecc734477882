// LabRelease/..., RawRelease/...: what the destructor costs who waits for it. The kernel's own work comes after.
#include <netrig/bench/benchmarks.h>
#include <netrig/bench/networks.h>
#include <netrig/bench/raw_network.h>
#include <netrig/bench/sampling.h>
#include <netrig/topology/lab.h>

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

namespace netrig::bench {

namespace {

struct Inhabited {
  std::vector<process::Process> programs;  // before the lab: its end is to end them
  Lab lab;
};

Result<Inhabited> inhabited(std::size_t hosts) {
  Inhabited all{.programs = {}, .lab = NETRIG_TRY(Lab::build(bridged(hosts)))};
  for (std::size_t i = 1; i <= hosts; ++i) {
    all.programs.push_back(all.lab["host" + std::to_string(i)].start({"sleep", "1000"}));
  }
  return all;
}

void lab_release(benchmark::State& state, std::size_t hosts) {
  time_release(state, [&] { return Lab::build(bridged(hosts)); });
}

void lab_pair_release(benchmark::State& state) {
  time_release(state, [] { return Lab::build(pair()); });
}

void inhabited_release(benchmark::State& state, std::size_t hosts) {
  time_release(state, [&] { return inhabited(hosts); });
}

void raw_release(benchmark::State& state, std::size_t hosts) {
  time_release(state, [&] { return RawNetwork::bridge(hosts); });
}

void raw_pair_release(benchmark::State& state) {
  time_release(state, [] { return RawNetwork::p2p(); });
}

}  // namespace

void register_releases() {
  for (const auto& size : kSizes) {
    if (size.hosts > kMostReleased) continue;
    as_release(benchmark::RegisterBenchmark(name_of("LabRelease/bridge", size).c_str(), lab_release, size.hosts),
               size.setups);
    as_release(benchmark::RegisterBenchmark(name_of("RawRelease/bridge", size).c_str(), raw_release, size.hosts),
               size.setups);
    as_release(
        benchmark::RegisterBenchmark(name_of("LabRelease/programs", size).c_str(), inhabited_release, size.hosts),
        size.setups);
  }
  as_release(benchmark::RegisterBenchmark("LabRelease/p2p", lab_pair_release), kProcesses);
  as_release(benchmark::RegisterBenchmark("RawRelease/p2p", raw_pair_release), kProcesses);
}

}  // namespace netrig::bench
