// Parallel/64/..., RawParallel/64/...: sixty-four labs of two hosts, each built, tried with a packet of each family and
// ended: one after the other, and by as many threads or processes as there are processors. The raw ones show what the
// kernel allows, whose RTNL lock has one holder at a time on the whole machine.
#include <netrig/bench/benchmarks.h>
#include <netrig/bench/networks.h>
#include <netrig/bench/raw_network.h>
#include <netrig/bench/sampling.h>
#include <netrig/topology/lab.h>

#include <benchmark/benchmark.h>

#include <atomic>
#include <cerrno>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace netrig::bench {

namespace {

constexpr int kLabs = 64;

using Life = Result<void> (*)();

Result<void> lab_life() {
  const auto lab = NETRIG_TRY(Lab::build(pair()));
  for (const auto family : {AddressFamily::ipv4, AddressFamily::ipv6}) {
    const auto target = lab["right"].address(family);
    if (!lab["left"].ping({.destination = target, .count = 1}).complete()) {
      return fail(Error::invalid("ping", target.to_string(), "no reply"));
    }
  }
  return {};
}

Result<void> raw_life() {
  const auto network = NETRIG_TRY(RawNetwork::p2p());
  return network.verify();
}

unsigned workers() { return std::max(2U, std::thread::hardware_concurrency()); }

Result<void> live(Life life, int count) {
  for (int i = 0; i < count; ++i) NETRIG_TRY(life());
  return {};
}

Result<void> serially(Life life) { return live(life, kLabs); }

Result<void> in_threads(Life life) {
  std::atomic<int> left = kLabs;
  std::mutex mutex;
  Result<void> outcome;
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < workers(); ++i) {
      threads.emplace_back([&] {
        while (left-- > 0) {
          auto done = life();
          const std::scoped_lock lock{mutex};
          if (!done) outcome = std::move(done);
        }
      });
    }
  }
  return outcome;
}

// Forks of this one, which has a single thread here.
Result<void> in_processes(Life life) {
  std::vector<pid_t> children;
  for (unsigned i = 0; i < workers(); ++i) {
    const int share = kLabs / static_cast<int>(workers()) + (i < kLabs % workers() ? 1 : 0);
    const pid_t child = fork();
    if (child == 0) _exit(live(life, share) ? 0 : 1);
    children.push_back(child);
  }
  int failed = 0;
  for (const pid_t child : children) {
    int status = -1;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    failed += status == 0 ? 0 : 1;
  }
  if (failed == 0) return {};
  return fail(Error::invalid("build labs in processes", {}, std::to_string(failed) + " of them failed"));
}

void all(benchmark::State& state, Result<void> (*way)(Life), Life life) {
  if (auto warm = life(); !warm) return skip(state, warm.error());
  Samples samples;
  for (auto _ : state) {
    if (auto reaped = wait_until_reaped(); !reaped) return skip(state, reaped.error());
    const auto start = std::chrono::steady_clock::now();
    if (auto done = way(life); !done) return skip(state, done.error());
    const std::chrono::nanoseconds time = std::chrono::steady_clock::now() - start;
    state.SetIterationTime(std::chrono::duration<double>(time).count());
    samples.add(time);
  }
  samples.report(state);
  if (auto reaped = wait_until_reaped(); !reaped) skip(state, reaped.error());
}

}  // namespace

void register_parallel() {
  const std::pair<const char*, Life> kinds[] = {{"Parallel/64", lab_life}, {"RawParallel/64", raw_life}};
  const std::pair<const char*, Result<void> (*)(Life)> ways[] = {
      {"/serial", serially}, {"/threads", in_threads}, {"/processes", in_processes}};
  for (const auto& [kind, life] : kinds) {
    for (const auto& [name, way] : ways) {
      as_setup(benchmark::RegisterBenchmark((std::string{kind} + name).c_str(), all, way, life), kParallels);
    }
  }
}

}  // namespace netrig::bench
