#include <netrig/bench/sampling.h>

#include <algorithm>

namespace netrig::bench {

void Samples::report(benchmark::State& state) {
  if (times_.empty()) return;
  const auto middle = times_.begin() + static_cast<std::ptrdiff_t>(times_.size() / 2);
  std::ranges::nth_element(times_, middle);
  state.counters[kMedianCounter] = std::chrono::duration<double, std::milli>(*middle).count();
}

void skip(benchmark::State& state, const Error& error) { state.SkipWithError(error.message().c_str()); }

}  // namespace netrig::bench
