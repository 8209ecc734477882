#include <netrig/tools/bench_command.h>
#include <netrig/tools/bench_compare.h>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iostream>

namespace netrig::tools {

namespace {

Result<void> write_file(const std::string& path, const std::string& text) {
  std::ofstream file{path};
  if (file << text << std::flush) return {};
  return fail(Error::from_errno("write", path, errno));
}

bool is_bad(const ComparedSeries& each, bool strict) {
  return each.speed == Speed::slower || each.is_broken || (strict && each.speed == Speed::inconclusive);
}

std::string sums(const std::vector<ComparedSeries>& all) {
  std::string text;
  for (const auto speed : {Speed::faster, Speed::slower, Speed::same, Speed::inconclusive}) {
    const auto count = std::ranges::count(all, speed, &ComparedSeries::speed);
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, to_string(speed));
  }
  return text + '\n';
}

Result<int> compare_files(const BenchCompareOptions& options) {
  const auto before = NETRIG_TRY(read_results(options.before, options.metric));
  const auto after = NETRIG_TRY(read_results(options.after, options.metric));
  traffic::Significance significance;
  significance.tolerance = options.tolerance;
  significance.confidence = options.confidence;
  const auto all = NETRIG_TRY(compare(before, after, significance));
  if (!options.plot.empty()) NETRIG_TRY(write_file(options.plot, to_svg(all, before, after)));
  std::cout << (options.json ? to_json(all, before, after) : to_table(all, before, after) + sums(all));
  const bool worse = std::ranges::any_of(all, [&](const auto& each) { return is_bad(each, options.strict); });
  return worse ? kMissing : kGood;
}

}  // namespace

int run_bench_compare(const BenchCompareOptions& options) {
  const auto status = compare_files(options);
  if (status) return *status;
  std::cerr << "netrig bench compare: " << status.error() << '\n';
  return kUsage;
}

}  // namespace netrig::tools
