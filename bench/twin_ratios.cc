#include <netrig/bench/twin_ratios.h>

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

namespace netrig::bench {

namespace {

TwinRatio ratio_of(const std::string& name, const std::vector<double>& ours, const std::string& twin,
                   const std::vector<double>& theirs) {
  TwinRatio ratio{.what = name,
                  .twin = twin,
                  .ratio = traffic::quantile(ours, 0.5) / traffic::quantile(theirs, 0.5),
                  .repetitions = std::min(ours.size(), theirs.size()),
                  .interval = {}};
  if (const auto comparison = traffic::compare(theirs, ours)) ratio.interval = comparison->interval;
  return ratio;
}

std::string described(const TwinRatio& ratio) {
  if (!ratio.interval) return fmt::format("median of {}", ratio.repetitions);
  return fmt::format("median of {}; geometric means: {:.2f}x to {:.2f}x", ratio.repetitions, ratio.interval->low,
                     ratio.interval->high);
}

}  // namespace

std::vector<TwinRatio> twin_ratios(const Rates& rates) {
  std::vector<TwinRatio> ratios;
  for (const auto& [name, ours] : rates) {
    for (const auto* prefix : {"Iperf3/", "Sockperf/", "Iputils/", "Raw/"}) {
      const auto twin = rates.find(prefix + name);
      if (twin != rates.end()) ratios.push_back(ratio_of(name, ours, twin->first, twin->second));
    }
  }
  return ratios;
}

void print(std::ostream& out, const std::vector<TwinRatio>& ratios) {
  if (ratios.empty()) return;
  out << "\nRates beside the same by others, in this run:\n";
  for (const auto& ratio : ratios) {
    out << fmt::format("{:<28} over {:<38} {:>7.2f}x ({})\n", ratio.what, ratio.twin + ":", ratio.ratio,
                       described(ratio));
  }
}

}  // namespace netrig::bench
