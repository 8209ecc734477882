// ShellRecipe/bridge/N: the guide's commands, each a process.
#include <netrig/bench/benchmarks.h>
#include <netrig/bench/sampling.h>
#include <netrig/bench/shell_recipe.h>

#include <benchmark/benchmark.h>

namespace netrig::bench {

namespace {

void shell(benchmark::State& state, std::size_t hosts) {
  Samples samples;
  for (auto _ : state) {
    const auto time = run_shell_recipe(hosts);
    if (!time) return skip(state, time.error());
    state.SetIterationTime(std::chrono::duration<double>(*time).count());
    samples.add(*time);
    if (auto reaped = wait_until_reaped(); !reaped) return skip(state, reaped.error());
  }
  samples.report(state);
}

}  // namespace

void register_shell() {
  for (const auto& size : kSizes) {
    as_setup(benchmark::RegisterBenchmark(name_of("ShellRecipe/bridge", size).c_str(), shell, size.hosts),
             size.recipes);
  }
}

}  // namespace netrig::bench
