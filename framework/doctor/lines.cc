// A report on its way from the process inside to the one outside: `id TAB outcome TAB evidence TAB remedy`.
#include <netrig/doctor/examine.h>

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

namespace netrig::doctor {
namespace {

// What would end a field or a line; texts hold none of their own but in what the kernel or nft printed.
std::string flat(std::string text) {
  std::ranges::replace_if(text, [](char c) { return c == '\t' || c == '\n'; }, ' ');
  return text;
}

}  // namespace

std::string to_lines(const Report& report) {
  std::string lines;
  for (const auto& finding : report) {
    lines += fmt::format("{}\t{}\t{}\t{}\n", finding.need->id, static_cast<int>(finding.outcome),
                         flat(finding.evidence), flat(finding.remedy));
  }
  return lines;
}

Report parse_lines(const std::string& lines) {
  Report report;
  std::istringstream in{lines};
  for (std::string line; std::getline(in, line);) {
    std::istringstream fields{line};
    std::string id, outcome, evidence, remedy;
    std::getline(fields, id, '\t');
    std::getline(fields, outcome, '\t');
    std::getline(fields, evidence, '\t');
    std::getline(fields, remedy, '\t');
    const auto* need = find_need(id);
    if (need == nullptr || outcome.size() != 1 || outcome[0] < '0' || outcome[0] > '2') continue;
    report.push_back({need, static_cast<Finding::Outcome>(outcome[0] - '0'), evidence, remedy});
  }
  return report;
}

}  // namespace netrig::doctor
