#include <netrig/suites/firewall/mutants.h>

#include <fmt/format.h>

#include <array>
#include <optional>
#include <string_view>

namespace netrig::office {

namespace {

// The statements that decide come last in a rule, as words of their own.
constexpr std::array<std::string_view, 9> kDecisions{"drop",   "reject",     "jump", "goto",    "return",
                                                     "accept", "masquerade", "snat", "redirect"};

struct Decision {
  std::size_t at;  // in the rule's text
  std::string_view word;
};

std::optional<Decision> decision_of(std::string_view rule) {
  std::optional<Decision> last;
  for (const auto word : kDecisions) {
    const auto at = fmt::format(" {}", rule).rfind(fmt::format(" {}", word));
    const bool ends = at != std::string::npos && (at + word.size() == rule.size() || rule[at + word.size()] == ' ');
    if (ends && (!last || at > last->at)) last = Decision{at, word};
  }
  return last;
}

std::string without_comment(const nft::ListedRule& rule) { return rule.text.substr(0, rule.text.rfind(" comment \"")); }

std::string removal(const nft::ListedRule& rule) {
  return fmt::format("delete rule {} {} handle {}\n", nft::to_string(rule.chain.table), rule.chain.name, rule.handle);
}

// Not by `replace rule`: libnftables 1.0.6 ends the process where such a rule has a set of ranges (an assertion of
// interval_set_eval()).
std::string replacement(const nft::ListedRule& rule, const std::string& text) {
  return fmt::format("insert rule {} {} handle {} {}\n", nft::to_string(rule.chain.table), rule.chain.name, rule.handle,
                     text) +
         removal(rule);
}

std::optional<Mutant> decided_otherwise(const nft::ListedRule& rule) {
  const auto text = without_comment(rule);
  const auto decision = decision_of(text);
  if (!decision || text.contains(" vmap ")) return std::nullopt;
  const bool accepts = decision->word == "accept";
  const auto changed =
      fmt::format("{}{} comment \"{}\"", text.substr(0, decision->at), accepts ? "drop" : "accept", rule.comment);
  return Mutant{rule, accepts ? "drops" : "accepts", replacement(rule, changed)};
}

}  // namespace

std::vector<Mutant> mutants_of(const nft::Listing& listing) {
  std::vector<Mutant> mutants;
  for (const auto& rule : listing.rules()) {
    mutants.push_back({rule, "removed", removal(rule)});
    if (auto other = decided_otherwise(rule)) mutants.push_back(*std::move(other));
  }
  return mutants;
}

}  // namespace netrig::office
