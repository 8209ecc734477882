// netrig_bench: what a lab costs, beside the kernel's own price for it and beside a shell script that makes the same.
//
// For figures to quote:
//   netrig_bench --benchmark_repetitions=5 --benchmark_enable_random_interleaving=true
//                --benchmark_out=bench.json --benchmark_out_format=json
// Interleaving spreads the repetitions of all benchmarks over the run, so that a machine that slows down half way does
// not favour one of them. The promises are judged by medians over the repetitions, printed after the table.
#include <netrig/bench/benchmarks.h>
#include <netrig/bench/environment_context.h>
#include <netrig/bench/ratios.h>
#include <netrig/bench/reaping.h>
#include <netrig/sandbox/sandbox.h>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <memory>
#include <span>
#include <string_view>

namespace {

constexpr const char* kAbout =
    "netrig_bench: what a lab costs\n"
    "\n"
    "  LabSetup/bridge/N     a gateway with a bridge and N hosts, from a Topology to packets that flow\n"
    "  LabCycle/bridge/N     set-up and teardown, back to back; LabCycle/p2p: two hosts and a cable\n"
    "  RawFloor/bridge/N     the same network by hand-packed netlink messages\n"
    "  RawBaseline/bridge/N  the floor, with the settings written that every node of a lab starts from\n"
    "  RawCycle/bridge/N     the same cycle by them, the kernel's own limit; RawCycle/p2p\n"
    "  ShellRecipe/bridge/N  the same network by a shell script, one `ip` process a command\n"
    "  ProcessOverhead       a test process of two hosts until its first assertion, less an empty program's run\n"
    "  SandboxEntry          a test program until its first line, less the same program without a sandbox\n"
    "  LabRelease/bridge/N   the end of a lab for who waits for it; LabRelease/programs/N: with a program in each "
    "host;\n"
    "                        LabRelease/p2p; RawRelease/...: of the networks by hand\n"
    "  Cycle/10000           ten thousand labs of two hosts in one process, with a packet each\n"
    "  Parallel/64/WAY       sixty-four such labs: serial, threads, processes (as many as processors); "
    "RawParallel/...\n"
    "  FirewallCheck/WAY     one TCP question through a router of sixty rules, answer and reason: allowed, blocked\n"
    "  ReachabilityMatrix/20x20x3  twenty hosts, each to each, on three services\n"
    "  RulesetLoad/N         N rules in a file, checked and loaded by the library; RulesetValues/N: the same as "
    "values;\n"
    "                        NftLoad/N: by `nft -f`\n"
    "  Tcp/PATH/streams:N, Udp/PATH/bytes:N  traffic as fast as it goes; Latency/PATH/tcp and /udp: one request at a "
    "time;\n"
    "                        Ping/PATH; ConnectionRate/PATH; ConnectionsHeld/PATH: ten thousand at once. The same by "
    "others:\n"
    "                        Iperf3/..., Sockperf/..., Iputils/..., Raw/... (a bare loop)\n"
    "                        PATH: loopback, veth, veth6, veth:big, bridge[:PORTS], routed[:HOPS], masquerade, dnat, "
    "rules:N, "
    "set:N,\n"
    "                        vxlan, macvlan\n"
    "\n"
    "Set-up times leave out teardown: the next sample starts when the kernel has removed every namespace of the last.\n"
    "Cycle times leave out nothing. The promises that the figures keep or miss are printed last.\n"
    "For figures to quote:\n"
    "  --benchmark_repetitions=5 --benchmark_enable_random_interleaving=true --benchmark_out=bench.json\n"
    "\n";

// Only these make Google Benchmark print a list or its flags and stop.
bool asks_for_help(std::span<char* const> arguments) {
  return std::ranges::any_of(arguments, [](std::string_view argument) { return argument == "--help"; });
}

bool starts(std::span<char* const> arguments, std::string_view prefix) {
  return std::ranges::any_of(arguments, [&](std::string_view argument) { return argument.starts_with(prefix); });
}

// Between the sandbox and the last line.
int measure(bool to_file, bool for_people) {
  const std::function<void()> tell = netrig::bench::add_environment_context, nothing;
  netrig::bench::PlainReporter display{
      std::unique_ptr<benchmark::BenchmarkReporter>{benchmark::CreateDefaultDisplayReporter()},
      for_people ? nothing : tell};
  netrig::bench::PlainReporter file{std::make_unique<benchmark::JSONReporter>(), tell};
  benchmark::RunSpecifiedBenchmarks(&display, to_file ? &file : nullptr);
  auto& out = for_people ? std::cout : std::cerr;
  netrig::bench::print(out, netrig::bench::promises(display.figures()));
  netrig::bench::print(out, netrig::bench::twin_ratios(display.rates()));
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  const std::span<char* const> arguments{argv, static_cast<std::size_t>(argc)};
  netrig::sandbox::enter(argc, argv);
  if (asks_for_help(arguments)) std::fputs(kAbout, stdout);
  const bool only_lists = starts(arguments, "--benchmark_list_tests");
  const bool to_file = starts(arguments, "--benchmark_out=");
  const bool for_people = !starts(arguments, "--benchmark_format=") || starts(arguments, "--benchmark_format=console");
  netrig::bench::register_labs();
  netrig::bench::register_raw();
  netrig::bench::register_shell();
  netrig::bench::register_processes();
  netrig::bench::register_releases();
  netrig::bench::register_cycles();
  netrig::bench::register_parallel();
  netrig::bench::register_firewalls();
  netrig::bench::register_rulesets();
  netrig::bench::register_traffic();
  netrig::bench::register_traffic_twins();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return EXIT_FAILURE;
  if (!only_lists) {
    if (!netrig::sandbox::inside()) {
      std::cerr << "netrig_bench: " << netrig::sandbox::why_not() << '\n';
      return EXIT_FAILURE;
    }
    if (auto counted = netrig::bench::count_standing_namespaces(); !counted) {
      std::cerr << "netrig_bench: " << counted.error() << '\n';
      return EXIT_FAILURE;
    }
  }
  return measure(to_file, for_people);
}
