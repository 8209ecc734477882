// RulesetLoad/N, RulesetValues/N, NftLoad/N: rules of N lines into a node, by the library and by `nft -f`.
#include <netrig/bench/benchmarks.h>
#include <netrig/bench/beside.h>
#include <netrig/bench/networks.h>
#include <netrig/bench/rulesets.h>
#include <netrig/bench/sampling.h>
#include <netrig/topology/lab.h>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <spawn.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace netrig::bench {

namespace {

using Clock = std::chrono::steady_clock;

// A folder of files that goes when it goes.
class Folder {
 public:
  Folder() {
    auto pattern = (std::filesystem::temp_directory_path() / "netrig-bench-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw SetupError{Error::from_errno("make a folder", pattern, errno)};
    path_ = pattern;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  // A file of `count` rules.
  [[nodiscard]] std::filesystem::path write(std::size_t count) const {
    auto file = path_ / fmt::format("{}.nft", count);
    std::ofstream{file} << many_rules(count);
    return file;
  }

 private:
  std::filesystem::path path_;
};

// nft's environment: this process's, and more room for its socket (nft_room.cc).
std::vector<std::string> nft_environment() {
  std::vector<std::string> environment;
  for (auto variable = environ; *variable != nullptr; ++variable) environment.emplace_back(*variable);
  environment.push_back("LD_PRELOAD=" + beside("libnetrig_bench_nft_room.so"));
  return environment;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (auto& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

// In the calling thread's network namespace, as a shell would.
Result<void> run_nft(const std::filesystem::path& file) {
  std::vector<std::string> words{"nft", "-f", file.string()};
  auto environment = nft_environment();
  pid_t pid = -1;
  const int code = posix_spawnp(&pid, "nft", nullptr, nullptr, pointers(words).data(), pointers(environment).data());
  if (code != 0) return fail(Error::from_errno("start", "nft", code));
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  if (status == 0) return {};
  return fail(Error::invalid("nft -f", file.string(), fmt::format("it failed with wait status {}", status)));
}

template <class Load>
void time_loading(benchmark::State& state, const Node& node, std::size_t count, Load load) {
  Samples samples;
  for (auto _ : state) {
    const auto start = Clock::now();
    const Result<void> loaded = load();
    const std::chrono::nanoseconds time = Clock::now() - start;
    if (!loaded) return skip(state, loaded.error());
    state.SetIterationTime(std::chrono::duration<double>(time).count());
    samples.add(time);
    const auto rules = node.rules();
    if (rules.tables.size() != 1 || rules.tables[0].chains[0].rules.size() != count)
      return state.SkipWithError("not every rule was loaded");
    node.flush_rules();
  }
  samples.report(state);
}

void library_load(benchmark::State& state, std::size_t count) {
  const Lab lab{pair()};
  const Folder folder;
  const auto file = folder.write(count);
  const auto node = lab["left"];
  time_loading(state, node, count, [&]() -> Result<void> {
    node.load_ruleset(file);
    return {};
  });
}

// Making the values is part of it.
void values_load(benchmark::State& state, std::size_t count) {
  const Lab lab{pair()};
  const auto node = lab["left"];
  time_loading(state, node, count, [&]() -> Result<void> {
    node.add_rules(many_rules_as_values(count));
    return {};
  });
}

void nft_load(benchmark::State& state, std::size_t count) {
  const Lab lab{pair()};
  const Folder folder;
  const auto file = folder.write(count);
  const auto node = lab["left"];
  time_loading(state, node, count, [&] { return node.run([&] { return run_nft(file); }); });
}

}  // namespace

void register_rulesets() {
  for (const std::size_t count : kRuleCounts) {
    const auto loads = static_cast<std::int64_t>(kLoads * kRuleCounts.front() / count);
    const auto name = [&](const char* prefix) { return fmt::format("{}/{}", prefix, count); };
    as_setup(benchmark::RegisterBenchmark(name("RulesetLoad").c_str(), library_load, count), loads);
    as_setup(benchmark::RegisterBenchmark(name("RulesetValues").c_str(), values_load, count), loads);
    as_setup(benchmark::RegisterBenchmark(name("NftLoad").c_str(), nft_load, count), loads);
  }
}

}  // namespace netrig::bench
