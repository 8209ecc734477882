#include <netrig/tools/bench_compare.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace netrig::tools {

namespace {

constexpr const char* kFewSamples = "one sample: run with --benchmark_repetitions=9";

const Series* find(const Results& results, const std::string& name) {
  const auto found = std::ranges::find(results.series, name, &Series::name);
  return found == results.series.end() ? nullptr : &*found;
}

Speed speed_of(traffic::Change change, bool more_is_better) {
  switch (change) {
    case traffic::Change::none:
      return Speed::same;
    case traffic::Change::higher:
      return more_is_better ? Speed::faster : Speed::slower;
    case traffic::Change::lower:
      return more_is_better ? Speed::slower : Speed::faster;
    case traffic::Change::inconclusive:
      break;
  }
  return Speed::inconclusive;
}

std::string why_not(const Series& before, const Series& after) {
  if (!before.error.empty()) return "failed in OLD: " + before.error;
  if (!after.error.empty()) return "failed in NEW: " + after.error;
  if (before.unit != after.unit) return fmt::format("measured in {} and in {}", before.unit, after.unit);
  return before.samples.size() < 2 || after.samples.size() < 2 ? kFewSamples : "";
}

// The two-sided p of samples that could not differ more: none of one lies among the other's.
double least_p(std::size_t before, std::size_t after) {
  std::vector<double> low, high;
  for (std::size_t i = 0; i < before; ++i) low.push_back(static_cast<double>(i));
  for (std::size_t i = 0; i < after; ++i) high.push_back(static_cast<double>(before + i));
  return traffic::rank_test(low, high);
}

// Why no samples, however they come out, would be called faster or slower: there are too few.
std::string why_never(std::size_t before, std::size_t after, double level) {
  if (least_p(before, after) <= level) return "";
  std::size_t enough = std::max(before, after);
  while (least_p(enough, enough) > level) ++enough;
  const auto count = before == after ? fmt::to_string(before) : fmt::format("{} and {}", before, after);
  return fmt::format("{} repetitions cannot prove a change at the level {}: use {} or more", count, level, enough);
}

ComparedSeries compare(const Series& before, const Series& after, const traffic::Significance& significance) {
  ComparedSeries found;
  found.name = before.name;
  found.unit = before.unit;
  found.more_is_better = before.more_is_better;
  found.before = before.samples;
  found.after = after.samples;
  found.latency_before = before.latency_us;
  found.latency_after = after.latency_us;
  found.note = why_not(before, after);
  found.is_broken = before.error.empty() && !after.error.empty();
  if (!found.note.empty()) return found;
  auto compared = traffic::compare(before.samples, after.samples, significance);
  if (!compared) {
    found.note = compared.error().message();
    return found;
  }
  found.comparison = *std::move(compared);
  found.speed = speed_of(found.comparison->change, found.more_is_better);
  if (found.speed == Speed::inconclusive)
    found.note = why_never(before.samples.size(), after.samples.size(), significance.level);
  return found;
}

ComparedSeries alone(const Series& series, const char* note) {
  ComparedSeries found;
  found.name = series.name;
  found.unit = series.unit;
  found.note = note;
  return found;
}

// A time as one reads it, or a rate with a prefix.
std::string readable(double value, const std::string& unit) {
  static constexpr std::pair<double, const char*> kPrefixes[] = {{1e9, "G"}, {1e6, "M"}, {1e3, "k"}};
  if (unit.ends_with("/s")) {
    for (const auto& [scale, prefix] : kPrefixes) {
      if (value >= scale) return fmt::format("{:.4g} {}{}", value / scale, prefix, unit);
    }
  }
  return fmt::format("{:.4g} {}", value, unit);
}

// What differs between two runs though only the code should.
std::string differences(const Results& before, const Results& after) {
  std::string text;
  for (const auto& line : environment_differences(before, after))
    text += "warning: the environments differ, and the figures may for that: " + line + '\n';
  for (const auto& [key, value] : before.context) {
    if (is_of_environment(key) || key == "date" || key == "executable" || key == "load_avg") continue;
    const auto other = std::ranges::find(after.context, key, [](const auto& each) { return each.first; });
    if (other != after.context.end() && other->second != value)
      text += fmt::format("differs: {} was {}, is {}\n", key, value, other->second);
  }
  return text;
}

std::vector<std::string> row_of(const ComparedSeries& each) {
  const auto verdict = std::string{to_string(each.speed)} + (each.note.empty() ? "" : " (" + each.note + ")");
  if (!each.comparison) return {each.name, "", "", "", "", verdict};
  const auto& found = *each.comparison;
  return {each.name,
          readable(found.first.median, each.unit),
          readable(found.second.median, each.unit),
          fmt::format("{:.3f} ({:.3f} to {:.3f})", found.ratio, found.interval.low, found.interval.high),
          fmt::format("{:.2g}", found.p),
          verdict};
}

std::string laid_out(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths(rows.front().size(), 0);
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) line += fmt::format("{:<{}}  ", row[i], widths[i]);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

}  // namespace

std::string_view to_string(Speed speed) {
  switch (speed) {
    case Speed::faster:
      return "faster";
    case Speed::slower:
      return "slower";
    case Speed::same:
      return "same";
    case Speed::inconclusive:
      break;
  }
  return "inconclusive";
}

Result<std::vector<ComparedSeries>> compare(const Results& before, const Results& after,
                                            const traffic::Significance& significance) {
  static constexpr double kSame[] = {1, 1};
  NETRIG_TRY(traffic::compare(kSame, kSame, significance));  // what is wrong with it is so for every row
  std::vector<ComparedSeries> all;
  for (const auto& series : before.series) {
    const auto* other = find(after, series.name);
    if (other == nullptr) {
      all.push_back(alone(series, "only in OLD"));
      all.back().is_broken = true;
      continue;
    }
    all.push_back(compare(series, *other, significance));
  }
  for (const auto& series : after.series) {
    if (find(before, series.name) == nullptr) all.push_back(alone(series, "only in NEW"));
  }
  return all;
}

std::string to_table(const std::vector<ComparedSeries>& all, const Results& before, const Results& after) {
  std::vector<std::vector<std::string>> rows{{"benchmark", "old", "new", "new/old", "p", "verdict"}};
  for (const auto& each : all) rows.push_back(row_of(each));
  return differences(before, after) + laid_out(rows);
}

std::string to_json(const std::vector<ComparedSeries>& all, const Results& before, const Results& after) {
  nlohmann::ordered_json document{{"old", before.path}, {"new", after.path}};
  document["environment_differences"] = environment_differences(before, after);
  auto& list = document["benchmarks"] = nlohmann::ordered_json::array();
  for (const auto& each : all) {
    nlohmann::ordered_json one{{"name", each.name}, {"unit", each.unit}, {"verdict", to_string(each.speed)}};
    if (!each.note.empty()) one["note"] = each.note;
    if (each.comparison) {
      const auto& found = *each.comparison;
      one["old_median"] = found.first.median;
      one["new_median"] = found.second.median;
      one["old_cv"] = found.first.coefficient_of_variation();
      one["new_cv"] = found.second.coefficient_of_variation();
      one["ratio"] = found.ratio;
      one["ratio_low"] = found.interval.low;
      one["ratio_high"] = found.interval.high;
      one["p"] = found.p;
    }
    list.push_back(std::move(one));
  }
  return document.dump(2) + '\n';
}

}  // namespace netrig::tools
