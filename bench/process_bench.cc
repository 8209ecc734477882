// ProcessOverhead, SandboxEntry: what a test process costs before its first assertion, and before its first line.
#include <netrig/base/error.h>
#include <netrig/base/unique_fd.h>
#include <netrig/bench/benchmarks.h>
#include <netrig/bench/beside.h>
#include <netrig/bench/sampling.h>

#include <benchmark/benchmark.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <string>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace netrig::bench {

namespace {

using Clock = std::chrono::steady_clock;

// Without the mark that this process is inside a sandbox: the program is to enter one of its own.
std::vector<char*> outside_environment() {
  std::vector<char*> kept;
  for (auto variable = environ; *variable != nullptr; ++variable) {
    if (!std::string_view{*variable}.starts_with("NETRIG_INSIDE=")) kept.push_back(*variable);
  }
  kept.push_back(nullptr);
  return kept;
}

// Where a program tells that it has come so far; SandboxEntry's have their standard output for GoogleTest.
constexpr int kOwnChannel = 3;

Result<pid_t> start(const std::string& program, int output, int told_on) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (told_on != STDOUT_FILENO) {
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  }
  posix_spawn_file_actions_adddup2(&actions, output, told_on);
  std::string path = program;
  std::array<char*, 2> arguments{path.data(), nullptr};
  auto environment = outside_environment();
  pid_t pid = -1;
  const int code = posix_spawn(&pid, path.c_str(), &actions, nullptr, arguments.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  if (code != 0) return fail(Error::from_errno("start", program, code));
  return pid;
}

// From before the start of the program to the byte that it writes.
Result<std::chrono::nanoseconds> time_to_first_byte(const std::string& program, int told_on) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return fail(Error::from_errno("make a pipe", {}, errno));
  const UniqueFd reader{ends[0]};
  UniqueFd writer{ends[1]};
  const auto begin = Clock::now();
  const auto pid = NETRIG_TRY(start(program, writer.get(), told_on));
  writer.reset();
  char byte = 0;
  const auto got = read(reader.get(), &byte, 1);
  const auto end = Clock::now();
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  if (got == 1 && status == 0) return end - begin;
  return fail(Error::invalid("run", program, "it failed with wait status " + std::to_string(status)));
}

// The programs run inside this one's sandbox and nest their own: the same system calls, one level deeper.
void time_over(benchmark::State& state, const std::string& bare, const std::string& whole, int told_on) {
  Samples samples;
  for (auto _ : state) {
    const auto nothing = time_to_first_byte(beside(bare), told_on);
    if (!nothing) return skip(state, nothing.error());
    const auto test = time_to_first_byte(beside(whole), told_on);
    if (!test) return skip(state, test.error());
    const auto overhead = *test - *nothing;
    state.SetIterationTime(std::chrono::duration<double>(overhead).count());
    samples.add(overhead);
    if (auto reaped = wait_until_reaped(); !reaped) return skip(state, reaped.error());
  }
  samples.report(state);
}

}  // namespace

void register_processes() {
  as_setup(benchmark::RegisterBenchmark("ProcessOverhead", time_over, "netrig_bench_empty", "netrig_bench_two_hosts",
                                        STDOUT_FILENO),
           kProcesses);
  as_setup(benchmark::RegisterBenchmark("SandboxEntry", time_over, "netrig_bench_bare_gtest",
                                        "netrig_bench_sandboxed_gtest", kOwnChannel),
           kEntries);
}

}  // namespace netrig::bench
