#include <netrig/bench/benchmarks.h>

namespace netrig::bench {

std::string name_of(const std::string& prefix, const LabSize& size) {
  return prefix + '/' + std::to_string(size.hosts);
}

void as_setup(benchmark::internal::Benchmark* benchmark, std::int64_t iterations) {
  benchmark->UseManualTime()->Iterations(iterations)->Unit(benchmark::kMillisecond);
}

void as_release(benchmark::internal::Benchmark* benchmark, std::int64_t iterations) {
  benchmark->UseManualTime()->Iterations(iterations)->Unit(benchmark::kMicrosecond);
}

void as_cycle(benchmark::internal::Benchmark* benchmark, std::int64_t iterations) {
  benchmark->UseRealTime()->Iterations(iterations)->Unit(benchmark::kMillisecond);
}

}  // namespace netrig::bench
