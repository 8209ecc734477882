#include <netrig/bench/sampling.h>

#include <algorithm>

namespace netrig::bench {

double Samples::median_ms() const {
  if (times_.empty()) return 0;
  auto times = times_;
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::ranges::nth_element(times, middle);
  return std::chrono::duration<double, std::milli>(*middle).count();
}

void Samples::report(benchmark::State& state) {
  if (!times_.empty()) state.counters[kMedianCounter] = median_ms();
}

void skip(benchmark::State& state, const Error& error) { state.SkipWithError(error.message().c_str()); }

}  // namespace netrig::bench
