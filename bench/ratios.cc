#include <netrig/bench/benchmarks.h>
#include <netrig/bench/distribution.h>
#include <netrig/bench/ratios.h>
#include <netrig/bench/sampling.h>

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <ostream>
#include <utility>

namespace netrig::bench {

namespace {

constexpr double kMostOverFloor = 1.3;
constexpr double kLeastOverShell = 20;
constexpr double kMostPairCycle = 6;
constexpr double kMostBridgeCycleOverKernel = 1.0;
constexpr double kMostProcessOverhead = 15;
constexpr double kMostSandboxEntry = 12;
constexpr double kMostDrift = 1.1;
constexpr double kLeastParallel = 1.7;
constexpr double kMostAllowedCheck = 1;
constexpr double kMostBlockedCheck = 3;
constexpr double kMostMatrix = 2000;
constexpr double kMostOverNft = 1.5;

std::optional<double> median(const Figures& figures, const std::string& name) {
  const auto found = figures.find(name);
  if (found == figures.end()) return std::nullopt;
  auto values = found->second;
  std::ranges::sort(values);
  const auto half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

class Judge {
 public:
  explicit Judge(const Figures& figures) : figures_{figures} {}

  void ratio(const std::string& over, const std::string& under, double limit, bool at_least = false) {
    const auto top = median(figures_, over);
    const auto bottom = median(figures_, under);
    if (top && bottom) promises.push_back({over + " : " + under, *top / *bottom, "x", limit, at_least});
  }

  // How many times faster the second is than the first: at least `limit`, or what the kernel allows the raw ones.
  void speedup(const std::string& way) {
    const auto raw_serial = median(figures_, "RawParallel/64/serial"), raw = median(figures_, "RawParallel/64/" + way);
    const auto serial = median(figures_, "Parallel/64/serial"), ours = median(figures_, "Parallel/64/" + way);
    if (!raw_serial || !raw || !serial || !ours) return;
    const double allowed = *raw_serial / *raw;
    promises.push_back({fmt::format("Parallel/64/serial : {} (raw: {:.2f}x)", way, allowed), *serial / *ours, "x",
                        std::min(kLeastParallel, allowed), true});
  }

  void time(const std::string& name, double limit) {
    if (const auto value = median(figures_, name)) promises.push_back({name, *value, " ms", limit, false});
  }

  void value(const std::string& name, double limit) {
    if (const auto value = median(figures_, name)) promises.push_back({name, *value, "x", limit, false});
  }

  std::vector<Promise> promises;

 private:
  const Figures& figures_;
};

}  // namespace

std::vector<Promise> promises(const Figures& figures) {
  Judge judge{figures};
  for (const auto& size : kSizes) {
    judge.ratio(name_of("LabSetup/bridge", size), name_of("RawFloor/bridge", size), kMostOverFloor);
  }
  for (const auto& size : kSizes) {
    if (size.hosts != 3 && size.hosts != 100) continue;
    judge.ratio(name_of("ShellRecipe/bridge", size), name_of("LabSetup/bridge", size), kLeastOverShell, true);
  }
  judge.time("LabCycle/p2p", kMostPairCycle);
  for (const auto& size : kSizes) {
    judge.ratio(name_of("LabCycle/bridge", size), name_of("RawCycle/bridge", size), kMostBridgeCycleOverKernel);
  }
  judge.time("ProcessOverhead", kMostProcessOverhead);
  judge.time("SandboxEntry", kMostSandboxEntry);
  judge.value("Cycle/10000" + std::string{kLastOverFirst}, kMostDrift);
  for (const auto* way : {"threads", "processes"}) judge.speedup(way);
  judge.time("FirewallCheck/allowed", kMostAllowedCheck);
  judge.time("FirewallCheck/blocked", kMostBlockedCheck);
  judge.time("ReachabilityMatrix/20x20x3", kMostMatrix);
  for (const auto count : kRuleCounts) {
    const auto nft = fmt::format("NftLoad/{}", count);
    for (const auto* way : {"RulesetLoad", "RulesetValues"})
      judge.ratio(fmt::format("{}/{}", way, count), nft, kMostOverNft);
  }
  return std::move(judge.promises);
}

void print(std::ostream& out, const std::vector<Promise>& promises) {
  if (promises.empty()) return;
  out << "\nPromises, from the figures of this run:\n";
  for (const auto& promise : promises) {
    out << fmt::format("{:<48} {:>9.2f}{:<3}  target: at {} {:.2f}{:<3}  {}\n", promise.what, promise.value,
                       promise.unit, promise.at_least ? "least" : "most", promise.limit, promise.unit,
                       promise.met() ? "met" : "MISSED");
  }
}

bool PlainReporter::ReportContext(const Context& context) {
  inner_->SetOutputStream(&GetOutputStream());
  inner_->SetErrorStream(&GetErrorStream());
  if (add_context_) add_context_();
  return inner_->ReportContext(context);
}

void PlainReporter::ReportRuns(const std::vector<Run>& report) {
  auto plain = report;
  for (auto& run : plain) {
    run.run_name.iterations.clear();
    run.run_name.time_type.clear();
    run.run_name.repetitions.clear();
    if (!add_context_ && run.report_label.starts_with(kDistribution)) run.report_label.clear();
    if (run.run_type != Run::RT_Iteration || run.error_occurred) continue;
    const auto middle = run.counters.find(kMedianCounter);
    figures_[run.run_name.str()].push_back(middle != run.counters.end() ? middle->second.value
                                                                        : run.GetAdjustedRealTime());
    for (const auto* rate : {"bytes_per_second", "items_per_second"}) {
      const auto found = run.counters.find(rate);
      if (found == run.counters.end()) continue;
      rates_[run.run_name.str()].push_back(found->second.value);
      break;
    }
    const auto drift = run.counters.find(kLastOverFirstCounter);
    if (drift != run.counters.end()) figures_[run.run_name.str() + kLastOverFirst].push_back(drift->second.value);
  }
  inner_->ReportRuns(plain);
}

void PlainReporter::Finalize() { inner_->Finalize(); }

}  // namespace netrig::bench
