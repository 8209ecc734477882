// LabSetup/bridge/N, LabCycle/bridge/N, LabCycle/p2p: what users of Netrig wait for.
#include <netrig/bench/benchmarks.h>
#include <netrig/bench/networks.h>
#include <netrig/bench/sampling.h>
#include <netrig/topology/lab.h>

#include <benchmark/benchmark.h>

#include <string>

namespace netrig::bench {

namespace {

// Both families, one request each: a lost first one would take a second to repeat, and shows.
Result<void> prove(std::size_t hosts) {
  const auto lab = NETRIG_TRY(Lab::build(bridged(hosts)));
  for (const auto family : {AddressFamily::ipv4, AddressFamily::ipv6}) {
    const auto target = lab["host" + std::to_string(hosts)].address(family);
    const auto report =
        lab["host1"].ping({.destination = target, .count = 1, .timeout = std::chrono::milliseconds{500}});
    if (report.received() == 0) return fail(Error::invalid("ping the last host", target.to_string(), "no reply"));
  }
  return {};
}

// Describing the network is part of it, as in a fixture.
void lab_setup(benchmark::State& state, std::size_t hosts) {
  if (auto proven = prove(hosts); !proven) return skip(state, proven.error());
  if (auto reaped = wait_until_reaped(); !reaped) return skip(state, reaped.error());
  time_setup(state, [&] { return Lab::build(bridged(hosts)); });
}

void lab_cycle(benchmark::State& state, std::size_t hosts) {
  time_cycle(state, [&] { return Lab::build(bridged(hosts)); });
}

void lab_pair_cycle(benchmark::State& state) {
  time_cycle(state, [] { return Lab::build(pair()); });
}

}  // namespace

void register_labs() {
  for (const auto& size : kSizes) {
    as_setup(benchmark::RegisterBenchmark(name_of("LabSetup/bridge", size).c_str(), lab_setup, size.hosts),
             size.setups);
    as_cycle(benchmark::RegisterBenchmark(name_of("LabCycle/bridge", size).c_str(), lab_cycle, size.hosts),
             size.cycles);
  }
  as_cycle(benchmark::RegisterBenchmark("LabCycle/p2p", lab_pair_cycle), kPairCycles);
}

}  // namespace netrig::bench
