#include <netrig/nft/coverage.h>

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

namespace netrig::nft {
namespace {

std::string node_list(const Coverage& coverage) {
  std::string text;
  for (const auto& node : coverage.nodes) text += fmt::format("{}\"{}\"", text.empty() ? "" : ", ", node);
  return text;
}

}  // namespace

std::string RuleUse::to_string() const {
  if (hits == 0) return "never hit: " + rule.to_string();
  return fmt::format("hit {} time{}: {}", hits, hits == 1 ? "" : "s", rule.to_string());
}

std::ostream& operator<<(std::ostream& out, const RuleUse& rule) { return out << rule.to_string(); }

std::vector<RuleUse> Coverage::unused() const {
  std::vector<RuleUse> left;
  std::ranges::copy_if(rules, std::back_inserter(left), [](const RuleUse& rule) { return rule.hits == 0; });
  return left;
}

const RuleUse* Coverage::find_comment(std::string_view comment) const {
  const auto found = std::ranges::find(rules, comment, [](const RuleUse& use) { return use.rule.comment; });
  return found == rules.end() ? nullptr : &*found;
}

bool Coverage::same_rules(const Coverage& other) const {
  return std::ranges::equal(rules, other.rules, [](const RuleUse& a, const RuleUse& b) {
    return a.rule.chain == b.rule.chain && comparable_text(a.rule) == comparable_text(b.rule);
  });
}

void Coverage::add(const Coverage& other) {
  nodes.insert(nodes.end(), other.nodes.begin(), other.nodes.end());
  std::ranges::sort(nodes);
  nodes.erase(std::ranges::unique(nodes).begin(), nodes.end());
  for (std::size_t i = 0; i < std::min(rules.size(), other.rules.size()); ++i) rules[i].hits += other.rules[i].hits;
  complete &= other.complete;
}

std::string to_string(const Coverage& coverage) {
  const auto used = coverage.rules.size() - coverage.unused().size();
  auto text = fmt::format("{}: {} of {} rules exercised{}\n", node_list(coverage), used, coverage.rules.size(),
                          coverage.complete ? "" : ", perhaps more: not every packet was heard of");
  if (!coverage.rules.empty()) text += "     hits  rule\n";
  for (const auto& use : coverage.rules) {
    text += fmt::format("{:>9}  {}\n", use.hits == 0 ? "never" : std::to_string(use.hits), use.rule.to_string());
  }
  return text;
}

std::ostream& operator<<(std::ostream& out, const Coverage& coverage) { return out << to_string(coverage); }

void merge(std::vector<Coverage>& all, const Coverage& more) {
  const auto same = std::ranges::find_if(all, [&](const Coverage& each) { return each.same_rules(more); });
  if (same == all.end()) {
    all.push_back(more);
  } else {
    same->add(more);
  }
}

}  // namespace netrig::nft
