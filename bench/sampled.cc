#include <netrig/bench/benchmarks.h>
#include <netrig/bench/distribution.h>
#include <netrig/bench/sampled.h>
#include <netrig/bench/sampling.h>

namespace netrig::bench {

namespace {

void report(benchmark::State& state, const Sampled& sampled) {
  state.SetIterationTime(std::chrono::duration<double>(sampled.elapsed).count());
  if (sampled.bytes != 0) state.SetBytesProcessed(static_cast<std::int64_t>(sampled.bytes));
  if (sampled.items != 0) state.SetItemsProcessed(static_cast<std::int64_t>(sampled.items));
  for (const auto& [name, value] : sampled.more) state.counters[name] = value;
  if (sampled.latency.count() != 0) state.SetLabel(distribution_label(sampled.latency));
}

Result<Sampled> once(const TrafficPath& path, const Sampler& sample) {
  const auto built = NETRIG_TRY(path.build());
  try {
    return sample(built);
  } catch (const SetupError& error) {
    return fail(error.error());
  }
}

}  // namespace

void add_sampled(const std::string& name, const TrafficPath& path, Sampler sample) {
  const auto run = [&path, sample = std::move(sample)](benchmark::State& state) {
    for (auto _ : state) {
      const auto sampled = once(path, sample);
      if (!sampled) return skip(state, sampled.error());
      report(state, *sampled);
    }
    if (auto reaped = wait_until_reaped(); !reaped) skip(state, reaped.error());
  };
  as_setup(benchmark::RegisterBenchmark(name.c_str(), run), 1);
}

}  // namespace netrig::bench
