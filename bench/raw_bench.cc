// RawFloor/bridge/N, RawCycle/bridge/N, RawCycle/p2p: the kernel's own price of a lab.
#include <netrig/bench/benchmarks.h>
#include <netrig/bench/raw_network.h>
#include <netrig/bench/sampling.h>
#include <netrig/netns/baseline.h>

#include <benchmark/benchmark.h>

namespace netrig::bench {

namespace {

// A floor that carries no packets would be none: each size is tried once before it is timed.
Result<void> prove_raw(std::size_t hosts) {
  const auto network = NETRIG_TRY(RawNetwork::bridge(hosts));
  return network.verify();
}

void raw_floor(benchmark::State& state, std::size_t hosts) {
  if (auto proven = prove_raw(hosts); !proven) return skip(state, proven.error());
  if (auto reaped = wait_until_reaped(); !reaped) return skip(state, reaped.error());
  time_setup(state, [&] { return RawNetwork::bridge(hosts); });
}

// The floor does not write the settings that make hosts alike; a lab does. This is the floor with them.
void raw_baseline(benchmark::State& state, std::size_t hosts) {
  const auto baseline = netns::Baseline::of_this_host();
  if (!baseline) return skip(state, baseline.error());
  if (auto reaped = wait_until_reaped(); !reaped) return skip(state, reaped.error());
  time_setup(state, [&] {
    netns::BaselineWriter writer{**baseline};
    return RawNetwork::bridge(hosts, [&] { return writer.write_here(); });
  });
  state.counters["settings"] = static_cast<double>((*baseline)->difference().size());
}

void raw_cycle(benchmark::State& state, std::size_t hosts) {
  time_cycle(state, [&] { return RawNetwork::bridge(hosts); });
}

void raw_pair_cycle(benchmark::State& state) {
  time_cycle(state, [] { return RawNetwork::p2p(); });
}

}  // namespace

void register_raw() {
  for (const auto& size : kSizes) {
    as_setup(benchmark::RegisterBenchmark(name_of("RawFloor/bridge", size).c_str(), raw_floor, size.hosts),
             size.setups);
    as_setup(benchmark::RegisterBenchmark(name_of("RawBaseline/bridge", size).c_str(), raw_baseline, size.hosts),
             size.setups);
    as_cycle(benchmark::RegisterBenchmark(name_of("RawCycle/bridge", size).c_str(), raw_cycle, size.hosts),
             size.cycles);
  }
  as_cycle(benchmark::RegisterBenchmark("RawCycle/p2p", raw_pair_cycle), kPairCycles);
}

}  // namespace netrig::bench
