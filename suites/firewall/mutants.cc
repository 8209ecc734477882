#include <netrig/suites/firewall/mutants.h>

#include <fmt/format.h>

#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace netrig::office {

namespace {

// The statements that decide come last in a rule, as words of their own.
constexpr std::array<std::string_view, 10> kDecisions{"drop",   "reject",     "jump", "goto", "return",
                                                      "accept", "masquerade", "snat", "dnat", "redirect"};

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
  return Mutant{rule.comment, accepts ? "drops" : "accepts", replacement(rule, changed), {rule.comment}};
}

// To an address at which nobody is (RFC 5737, RFC 3849), of the family that the rule translates.
std::optional<Mutant> forwarded_elsewhere(const nft::ListedRule& rule) {
  const auto text = without_comment(rule);
  const auto decision = decision_of(text);
  if (!decision || decision->word != "dnat") return std::nullopt;
  const auto family = rule.chain.table.family;
  const bool v6 = family == nft::Family::ip6 || fmt::format(" {}", text).contains(" ip6 ");
  const auto changed = fmt::format("{}dnat {}to {} comment \"{}\"", text.substr(0, decision->at),
                                   family != nft::Family::inet ? "" : (v6 ? "ip6 " : "ip "),
                                   v6 ? "2001:db8:ffff::99" : "192.0.2.99", rule.comment);
  return Mutant{rule.comment, "strays", replacement(rule, changed), {rule.comment}};
}

// What is written, and what else could be.
constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kValues{
    {{"tcp option maxseg size set ", "1000"}, {"dscp set ", "cs1"}, {"meta mark set ", "0x21"}}};

std::optional<Mutant> set_otherwise(const nft::ListedRule& rule) {
  const auto text = without_comment(rule);
  for (const auto& [statement, value] : kValues) {
    const auto at = text.find(statement);
    if (at == std::string::npos) continue;
    const auto changed = fmt::format("{}{} comment \"{}\"", text.substr(0, at + statement.size()), value, rule.comment);
    return Mutant{rule.comment, "sets", replacement(rule, changed), {rule.comment}};
  }
  return std::nullopt;
}

std::set<std::string> rules_that_use(const nft::Listing& listing, const nft::TableName& table, const std::string& set) {
  std::set<std::string> comments;
  for (const auto& rule : listing.rules()) {
    if (rule.chain.table == table && fmt::format("{} ", rule.text).contains(fmt::format("@{} ", set)))
      comments.insert(rule.comment);
  }
  return comments;
}

// `vpn0` of `"vpn0"`, `110` of `10.1.1.25 . 110`
std::string word_of(std::string_view key) {
  if (const auto dot = key.rfind(" . "); dot != std::string_view::npos) key.remove_prefix(dot + 3);
  if (key.starts_with('"')) key = key.substr(1, key.size() - 2);
  return std::string{key};
}

// Of `element 10.1.1.25 . 110 : drop` in `map lan_services`.
void add_element(const nft::Listing& listing, const nft::ListedBlock& block, const std::string& element,
                 std::vector<Mutant>& mutants) {
  const auto set = block.header.substr(block.header.find(' ') + 1);
  const auto change = [&](std::string_view verb, std::string_view text) {
    return fmt::format("{} element {} {} {{ {} }}\n", verb, nft::to_string(block.table), set, text);
  };
  const auto key = element.substr(0, element.find(" : "));
  const Mutant removed{fmt::format("{}: {}", set, element),       "removed", change("delete", key),
                       rules_that_use(listing, block.table, set), false,     word_of(key)};
  mutants.push_back(removed);
  const bool accepts = element.ends_with(" : accept");
  if (!accepts && !element.ends_with(" : drop")) return;
  auto otherwise = removed;
  otherwise.fault = accepts ? "drops" : "accepts";
  otherwise.command += change("add", key + (accepts ? " : drop" : " : accept"));
  mutants.push_back(std::move(otherwise));
}

}  // namespace

std::vector<Mutant> rule_mutants(const nft::Listing& listing) {
  std::vector<Mutant> mutants;
  for (const auto& rule : listing.rules()) {
    mutants.push_back({.what = rule.comment,
                       .fault = "removed",
                       .command = removal(rule),
                       .rules = {rule.comment},
                       .logs = rule.text.contains(" log ")});
    if (auto other = decided_otherwise(rule)) mutants.push_back(*std::move(other));
    if (auto stray = forwarded_elsewhere(rule)) mutants.push_back(*std::move(stray));
    if (auto other = set_otherwise(rule)) mutants.push_back(*std::move(other));
  }
  return mutants;
}

std::vector<Mutant> element_mutants(const nft::Listing& listing) {
  constexpr std::string_view kElement = "element ";
  std::vector<Mutant> mutants;
  for (const auto& block : listing.blocks()) {
    for (const auto& line : block.lines) {
      const bool is_element = !block.header.starts_with("chain ") && line.starts_with(kElement);
      if (is_element) add_element(listing, block, line.substr(kElement.size()), mutants);
    }
  }
  return mutants;
}

}  // namespace netrig::office
