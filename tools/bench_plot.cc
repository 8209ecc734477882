// The picture of a comparison. One panel a benchmark, one below the other; colours that the colour-blind tell apart
// (Okabe and Ito), and text that a screen reader reads.
#include <netrig/tools/bench_compare.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace netrig::tools {

namespace {

constexpr double kWidth = 720, kPanel = 120, kLeft = 16, kRight = 704, kBar = 22;
constexpr const char* kOld = "#0072b2";
constexpr const char* kNew = "#d55e00";

std::string escaped(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

std::string text_at(double x, double y, std::string_view text, const char* more = "") {
  return fmt::format("<text x='{:.1f}' y='{:.1f}' {}>{}</text>\n", x, y, more, escaped(text));
}

// A bar from zero, and the interval of its mean as a whisker.
std::string bar(double y, const traffic::Summary& summary, double most, const char* colour) {
  const auto place = [&](double value) { return kLeft + std::clamp(value / most, 0.0, 1.0) * (kRight - kLeft); };
  const double low = place(summary.mean_interval.low), high = place(summary.mean_interval.high), middle = y + kBar / 2;
  return fmt::format(
      "<rect x='{}' y='{:.1f}' width='{:.1f}' height='{}' fill='{}' fill-opacity='.6'/>\n"
      "<path d='M{:.1f} {:.1f}H{:.1f}M{:.1f} {:.1f}v8M{:.1f} {:.1f}v8' stroke='black'/>\n",
      kLeft, y, place(summary.mean) - kLeft, kBar, colour, low, middle, high, low, middle - 4, high, middle - 4);
}

std::string bars(double top, const ComparedSeries& each) {
  const auto& found = *each.comparison;
  const double most = std::max({found.first.mean_interval.high, found.second.mean_interval.high, 1e-300});
  return bar(top + 36, found.first, most, kOld) + bar(top + 64, found.second, most, kNew) +
         text_at(kLeft + 4, top + 52, fmt::format("old {:.4g} {}", found.first.mean, each.unit)) +
         text_at(kLeft + 4, top + 80, fmt::format("new {:.4g} {}", found.second.mean, each.unit));
}

// The share of samples that are at most so large, a step a sample.
std::string curve(double top, std::vector<double> samples, double least, double most, const char* colour) {
  std::ranges::sort(samples);
  const double bottom = top + 92, height = 56;
  const auto place = [&](double value) {
    return kLeft + (most > least ? (value - least) / (most - least) : 0.5) * (kRight - kLeft);
  };
  std::string path = fmt::format("M{} {:.1f}", kLeft, bottom);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double share = static_cast<double>(i + 1) / static_cast<double>(samples.size());
    path += fmt::format("H{:.1f}V{:.1f}", place(samples[i]), bottom - share * height);
  }
  return fmt::format("<path d='{}H{}' fill='none' stroke='{}' stroke-width='2'/>\n", path, kRight, colour);
}

std::string curves(double top, const ComparedSeries& each) {
  const auto& found = *each.comparison;
  const double least = std::min(found.first.least, found.second.least);
  const double most = std::max(found.first.most, found.second.most);
  return curve(top, each.before, least, most, kOld) + curve(top, each.after, least, most, kNew) +
         text_at(kLeft, top + 106, fmt::format("{:.4g} {}", least, each.unit)) +
         text_at(kRight, top + 106, fmt::format("{:.4g} {}", most, each.unit), "text-anchor='end'");
}

double percentile(const Distribution& all, double share) {
  double sum = 0, below = 0;
  for (const auto& [up_to, count] : all) sum += static_cast<double>(count);
  for (const auto& [up_to, count] : all) {
    below += static_cast<double>(count);
    if (below >= share * sum) return up_to;
  }
  return all.rbegin()->first;
}

// A logarithmic axis: the slowest thousandth is often a hundred times the median.
std::string latency_curve(double top, const Distribution& all, double least, double most, const char* colour) {
  const double bottom = top + 92, height = 48;
  const double span = most > least ? std::log(most / least) : 1;
  std::string path = fmt::format("M{} {:.1f}", kLeft, bottom);
  double below = 0, sum = 0;
  for (const auto& [up_to, count] : all) sum += static_cast<double>(count);
  for (const auto& [up_to, count] : all) {
    below += static_cast<double>(count);
    path += fmt::format("H{:.1f}V{:.1f}", kLeft + std::log(up_to / least) / span * (kRight - kLeft),
                        bottom - below / sum * height);
  }
  return fmt::format("<path d='{}H{}' fill='none' stroke='{}' stroke-width='2'/>\n", path, kRight, colour);
}

std::string percentiles(const char* name, const Distribution& all) {
  return fmt::format("{} p50 {:.4g}, p99 {:.4g}, p99.9 {:.4g} us", name, percentile(all, 0.5), percentile(all, 0.99),
                     percentile(all, 0.999));
}

std::string latency_curves(double top, const ComparedSeries& each) {
  const auto &before = each.latency_before, &after = each.latency_after;
  const double least = std::min(before.begin()->first, after.begin()->first);
  const double most = std::max(before.rbegin()->first, after.rbegin()->first);
  return latency_curve(top, before, least, most, kOld) + latency_curve(top, after, least, most, kNew) +
         text_at(kLeft, top + 36, percentiles("old", before), fmt::format("fill='{}'", kOld).c_str()) +
         text_at(kWidth / 2, top + 36, percentiles("new", after), fmt::format("fill='{}'", kNew).c_str()) +
         text_at(kLeft, top + 106, fmt::format("{:.4g} us", least)) +
         text_at(kRight, top + 106, fmt::format("{:.4g} us (logarithmic)", most), "text-anchor='end'");
}

std::string panel(double top, const ComparedSeries& each) {
  const auto verdict =
      each.comparison ? fmt::format("{:.3f}x, {}", each.comparison->ratio, to_string(each.speed)) : each.note;
  std::string text = text_at(kLeft, top + 18, each.name, "font-weight='bold'") +
                     text_at(kRight, top + 18, verdict, "text-anchor='end'");
  if (!each.comparison) return text;
  if (!each.latency_before.empty() && !each.latency_after.empty()) return text + latency_curves(top, each);
  return text + (each.more_is_better ? bars(top, each) : curves(top, each));
}

}  // namespace

std::string to_svg(const std::vector<ComparedSeries>& all, const Results& before, const Results& after) {
  const double height = 48 + kPanel * static_cast<double>(all.size());
  std::string text = fmt::format(
      "<svg xmlns='http://www.w3.org/2000/svg' width='{0}' height='{1}' viewBox='0 0 {0} {1}' role='img' "
      "font-family='sans-serif' font-size='12'>\n<title>{2} and {3} compared</title>\n"
      "<rect width='{0}' height='{1}' fill='white'/>\n",
      kWidth, height, escaped(before.path), escaped(after.path));
  text += text_at(kLeft, 24, "old: " + before.path, fmt::format("fill='{}'", kOld).c_str());
  text += text_at(kWidth / 2, 24, "new: " + after.path, fmt::format("fill='{}'", kNew).c_str());
  for (std::size_t i = 0; i < all.size(); ++i) text += panel(40 + kPanel * static_cast<double>(i), all[i]);
  return text + "</svg>\n";
}

}  // namespace netrig::tools
