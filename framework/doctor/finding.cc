#include <netrig/doctor/finding.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <ostream>
#include <stdexcept>

namespace netrig::doctor {
namespace {

Finding make(std::string_view id, Finding::Outcome outcome, std::string evidence, std::string remedy = {}) {
  const auto* need = find_need(id);
  if (need == nullptr) throw std::logic_error{"no need is called " + std::string{id}};
  return {need, outcome, std::move(evidence), std::move(remedy)};
}

bool is_required(const Finding& finding, const std::vector<std::string>& required) {
  return finding.need->required || std::ranges::find(required, finding.need->id) != required.end();
}

bool has(const Report& report, std::string_view id) {
  return std::ranges::any_of(report, [&](const Finding& finding) { return finding.need->id == id; });
}

struct Word {
  const char* text;
  const char* colour;
};

Word word_of(const Finding& finding, bool required) {
  if (finding.outcome == Finding::Outcome::ok) return {"ok  ", "32"};
  if (required) return {"FAIL", "31"};
  if (finding.missing()) return {"miss", "33"};
  return {"skip", "33"};
}

void print_one(std::ostream& out, const Finding& finding, bool required, const Style& style) {
  const auto [text, colour] = word_of(finding, required);
  const auto shown = style.colour ? fmt::format("\033[{}m{}\033[0m", colour, text) : std::string{text};
  out << fmt::format("{}  {:<22}  {}\n", shown, finding.need->id, finding.evidence);
  if (finding.outcome == Finding::Outcome::ok) return;
  out << fmt::format("      needed by: {}\n      remedy: {}\n", finding.need->needed_by, finding.best_remedy());
}

const char* name_of(Finding::Outcome outcome) {
  switch (outcome) {
    case Finding::Outcome::ok:
      return "ok";
    case Finding::Outcome::missing:
      return "missing";
    case Finding::Outcome::unknown:
      break;
  }
  return "unknown";
}

}  // namespace

Finding found(std::string_view id, std::string evidence) { return make(id, Finding::Outcome::ok, std::move(evidence)); }

Finding lacks(std::string_view id, std::string evidence, std::string remedy) {
  return make(id, Finding::Outcome::missing, std::move(evidence), std::move(remedy));
}

Finding unknown(std::string_view id, std::string why) { return make(id, Finding::Outcome::unknown, std::move(why)); }

void print(std::ostream& out, const Report& report, const std::vector<std::string>& required, const Style& style) {
  int good = 0, bad = 0, optional = 0;
  for (const auto& finding : report) {
    const bool needed = is_required(finding, required);
    const bool ok = finding.outcome == Finding::Outcome::ok;
    ++(ok ? good : needed ? bad : optional);
    if (!style.brief || !ok) print_one(out, finding, needed, style);
  }
  out << fmt::format("{} ok, {} required and missing, {} optional and missing\n", good, bad, optional);
}

std::string to_json(const Report& report, const std::vector<std::string>& required) {
  auto checks = nlohmann::ordered_json::array();
  for (const auto& finding : report) {
    checks.push_back({{"id", finding.need->id},
                      {"outcome", name_of(finding.outcome)},
                      {"required", is_required(finding, required)},
                      {"evidence", finding.evidence},
                      {"needed_by", finding.need->needed_by},
                      {"remedy", finding.best_remedy()}});
  }
  return nlohmann::ordered_json{{"ok", is_fit(report, required)}, {"checks", checks}}.dump(2);
}

bool is_fit(const Report& report, const std::vector<std::string>& required) {
  const bool told = std::ranges::all_of(required, [&](const std::string& id) { return has(report, id); });
  return told && std::ranges::none_of(report, [&](const Finding& finding) {
           return finding.outcome != Finding::Outcome::ok && is_required(finding, required);
         });
}

void complete(Report& report, const std::string& why) {
  for (const auto& need : needs()) {
    if (!has(report, need.id)) report.push_back(unknown(need.id, why));
  }
}

}  // namespace netrig::doctor
