#include <netrig/tools/bench_results.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <sstream>

namespace netrig::tools {

namespace {

using nlohmann::json;

constexpr std::string_view kLatencyLabel = "latency_us";

Error cannot_read(const std::string& path, std::string why) {
  return Error::invalid("read benchmark results", path, std::move(why));
}

std::string metric_of(const json& run, std::string_view wanted) {
  if (!wanted.empty()) return std::string{wanted.substr(wanted.starts_with('+') ? 1 : 0)};
  for (const auto* rate : {"bytes_per_second", "items_per_second"}) {
    if (run.contains(rate)) return rate;
  }
  return "real_time";
}

bool is_better_higher(const std::string& metric, std::string_view wanted) {
  return wanted.starts_with('+') || metric.ends_with("_per_second");
}

std::string unit_of(const json& run, const std::string& metric) {
  if (metric == "real_time" || metric == "cpu_time") return run.value("time_unit", "ns");
  if (metric == "bytes_per_second") return "bytes/s";
  if (metric == "items_per_second") return "items/s";
  return metric;
}

Series& series_named(std::vector<Series>& all, const std::string& name) {
  const auto known = std::ranges::find(all, name, &Series::name);
  if (known != all.end()) return *known;
  all.push_back({.name = name, .unit = {}, .more_is_better = false, .samples = {}, .latency_us = {}, .error = {}});
  return all.back();
}

// Other labels mean nothing here.
void add_distribution(Distribution& distribution, const std::string& label) {
  std::istringstream words{label};
  std::string word;
  if (!(words >> word) || word != kLatencyLabel) return;
  while (words >> word) {
    std::istringstream pair{word};
    double up_to = 0;
    char colon = 0;
    std::uint64_t count = 0;
    if (!(pair >> up_to >> colon >> count) || colon != ':' || up_to <= 0 || !pair.eof())
      throw json::other_error::create(501, "the label's \"" + word + "\" is no MICROSECONDS:COUNT", nullptr);
    distribution[up_to] += count;
  }
}

void add_run(std::vector<Series>& all, const json& run, std::string_view wanted) {
  auto& series = series_named(all, run.value("run_name", run.value("name", "")));
  if (run.value("error_occurred", false)) {
    series.error = run.value("error_message", "it gave no reason");
    return;
  }
  const auto metric = metric_of(run, wanted);
  if (!run.contains(metric) || !run[metric].is_number()) return;
  add_distribution(series.latency_us, run.value("label", ""));
  series.unit = unit_of(run, metric);
  series.more_is_better = is_better_higher(metric, wanted);
  series.samples.push_back(run[metric].get<double>());
}

void add_context(Results& results, const json& context) {
  for (const auto& [key, value] : context.items()) {
    if (value.is_primitive())
      results.context.emplace_back(key, value.is_string() ? value.get<std::string>() : value.dump());
  }
}

}  // namespace

Result<Results> parse_results(const std::string& path, const std::string& text, std::string_view metric) try {
  const auto document = json::parse(text);
  if (!document.is_object() || !document.contains("benchmarks") || !document["benchmarks"].is_array())
    return fail(cannot_read(path, "it has no list \"benchmarks\": write it with --benchmark_out=FILE"));
  Results results{.path = path, .context = {}, .series = {}};
  add_context(results, document.value("context", json::object()));
  bool has_aggregates = false;
  for (const auto& run : document["benchmarks"]) {
    if (run.value("run_type", "iteration") == "iteration") {
      add_run(results.series, run, metric);
    } else {
      has_aggregates = true;
    }
  }
  if (results.series.empty() && has_aggregates)
    return fail(cannot_read(path, "it has aggregates alone: run without --benchmark_report_aggregates_only"));
  const bool found = std::ranges::any_of(results.series, [](const auto& each) { return !each.samples.empty(); });
  if (!metric.empty() && !found)
    return fail(cannot_read(path, "no benchmark in it has \"" + std::string{metric} + "\""));
  return results;
} catch (const json::exception& error) {
  return fail(cannot_read(path, error.what()));
}

Result<Results> read_results(const std::string& path, std::string_view metric) {
  std::ifstream file{path};
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) return fail(Error::from_errno("read benchmark results", path, errno));
  return parse_results(path, text.str(), metric);
}

}  // namespace netrig::tools
