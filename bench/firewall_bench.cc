// FirewallCheck/allowed, /blocked, ReachabilityMatrix/20x20x3: what an answer with its reason costs.
#include <netrig/bench/benchmarks.h>
#include <netrig/bench/networks.h>
#include <netrig/bench/rulesets.h>
#include <netrig/bench/sampling.h>
#include <netrig/topology/explain.h>
#include <netrig/topology/lab.h>
#include <netrig/topology/reachability.h>

#include <benchmark/benchmark.h>

#include <chrono>
#include <string>
#include <vector>

namespace netrig::bench {

namespace {

using Clock = std::chrono::steady_clock;

template <class Ask>
auto timed(benchmark::State& state, Samples& samples, Ask ask) {
  const auto start = Clock::now();
  auto answer = ask();
  const std::chrono::nanoseconds time = Clock::now() - start;
  state.SetIterationTime(std::chrono::duration<double>(time).count());
  samples.add(time);
  return answer;
}

// Whether it says what the ruleset says, and how it knows.
bool is_right(const Path& path, Verdict expected) {
  const bool named = expected == Verdict::accepted || (path.rule && path.rule->rule.comment == kBlockedComment);
  return path.verdict == expected && named && path.proven && path.vouched && !path.there.empty();
}

void firewall_check(benchmark::State& state, std::uint16_t port, Verdict expected) {
  const Lab lab{routed()};
  lab["router"].load_ruleset_text(sixty_rules());
  const auto client = lab["client"], server = lab["server"];
  const auto service = traffic::tcp(port);
  const auto listener = server.listen(service);
  Samples samples;
  for (auto _ : state) {
    const auto path = timed(state, samples, [&] { return explain(client, server, service); });
    if (!is_right(path, expected)) return state.SkipWithError(path.to_string().c_str());
  }
  samples.report(state);
}

// Every host may ask every other one, but for the port that the router drops.
void reachability_matrix(benchmark::State& state, std::size_t hosts) {
  const Lab lab{star(hosts)};
  lab["router"].load_ruleset_text(sixty_rules());
  std::vector<Node> nodes;
  for (std::size_t i = 1; i <= hosts; ++i) nodes.push_back(lab["host" + std::to_string(i)]);
  const std::vector<traffic::Service> services{traffic::tcp(kAllowedPort), traffic::tcp(kBlockedPort), traffic::icmp()};
  Samples samples;
  for (auto _ : state) {
    const auto seen = timed(state, samples, [&] { return reachability(nodes, services); });
    for (std::size_t from = 0; from < hosts; ++from) {
      for (std::size_t to = 0; to < hosts; ++to) {
        if (from != to && seen.cells[from][to] != std::vector{true, false, false})
          return state.SkipWithError(seen.to_string().c_str());
      }
    }
  }
  samples.report(state);
}

}  // namespace

void register_firewalls() {
  const auto check = [](const char* name, std::uint16_t port, Verdict expected) {
    as_setup(benchmark::RegisterBenchmark(name, firewall_check, port, expected), kChecks);
  };
  check("FirewallCheck/allowed", kAllowedPort, Verdict::accepted);
  check("FirewallCheck/blocked", kBlockedPort, Verdict::dropped);
  as_setup(benchmark::RegisterBenchmark("ReachabilityMatrix/20x20x3", reachability_matrix, std::size_t{20}), kMatrices);
}

}  // namespace netrig::bench
