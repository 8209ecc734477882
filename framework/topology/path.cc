#include <netrig/topology/path.h>

#include <fmt/format.h>

#include <ostream>

namespace netrig {
inline namespace topology {

namespace {

// `forward filter rule 3 accept`, by the names of chain and table.
std::string short_text(const PathDecision& decision) {
  const auto where = fmt::format("{} {}", decision.rule.chain.name, decision.rule.chain.table.name);
  const auto how = decision.evidence.empty() ? "" : " (counted)";
  if (decision.is_policy()) return fmt::format("{} {}{}", where, decision.rule.text, how);
  const auto verdict = decision.rejects() ? std::string{"reject"} : nft::to_string(nft::Expression{decision.verdict});
  return fmt::format("{} rule {} {}{}", where, decision.rule.position, verdict, how);
}

bool is_worth_telling(const PathStep& step) {
  using Kind = nft::Verdict::Kind;
  if (!step.decision) return true;
  const Kind kind = step.decision->verdict.kind;
  return kind == Kind::drop || (kind == Kind::accept && !step.decision->is_policy());
}

constexpr std::string_view kRejectTarget = "xt target \"REJECT\"";

// Strings go with their quotes, but for the target's name. iptables-save escapes quotes in its strings; nft
// knows no quotes in strings.
std::string without_quoted(std::string_view text) {
  std::string rest;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text.substr(at).starts_with(kRejectTarget)) {
      rest += kRejectTarget;
      at += kRejectTarget.size() - 1;
    } else if (text[at] != '"') {
      rest += text[at];
    } else {
      do ++at;
      while (at < text.size() && (text[at] != '"' || text[at - 1] == '\\'));
    }
  }
  return rest;
}

bool has_words(const std::string& text, std::string_view words) {
  return (" " + text + " ").contains(fmt::format(" {} ", words));
}

void add(std::string& text, const std::string& part) { text += (text.empty() ? "" : " -> ") + part; }

}  // namespace

// `reject` is nft's word; iptables' target shows as xt target "REJECT", or as a remark of that where nft does not know
// it. What people wrote (comments, prefixes of logs) tells nothing.
bool PathDecision::rejects() const {
  if (verdict.kind != nft::Verdict::Kind::drop || is_policy()) return false;
  const auto own_words = without_quoted(rule.text);
  if (!evidence.empty()) return has_words(own_words, "-j REJECT");
  return has_words(own_words, "reject") || own_words.contains("xt_REJECT") || own_words.contains(kRejectTarget);
}

std::string PathDecision::to_string() const {
  if (!evidence.empty()) {
    const auto* const tool = rule.chain.table.family == nft::Family::ip ? "iptables-legacy" : "ip6tables-legacy";
    const auto position = is_policy() ? "" : fmt::format(", rule {}", rule.position);
    return fmt::format("{} table {}, chain {}{}: {} ({})", tool, rule.chain.table.name, rule.chain.name, position,
                       rule.text, evidence);
  }
  if (!is_policy()) return rule.to_string();
  return fmt::format("table {}, chain {}: {}", nft::to_string(rule.chain.table), rule.chain.name, rule.text);
}

std::string to_string(const std::vector<PathHop>& hops) {
  std::string text;
  for (const auto& hop : hops) {
    if (!hop.incoming.empty()) add(text, fmt::format("{} {}", hop.node, hop.incoming));
    for (const auto& step : hop.steps) {
      if (is_worth_telling(step)) add(text, step.decision ? short_text(*step.decision) : step.translation);
    }
    if (!hop.outgoing.empty()) {
      add(text, fmt::format("{} {}", hop.node, hop.outgoing));
    } else if (hop.delivered) {
      add(text, "delivered");
    }
  }
  return text;
}

std::string Path::to_string() const {
  auto text = reason;
  if (probe != reason) text += "\n    probe: " + probe;
  if (!there.empty()) text += "\n     path: " + topology::to_string(there);
  if (!back.empty()) text += "\n     back: " + topology::to_string(back);
  for (const auto& line : state) text += "\n    state: " + line;
  if (!vouched) text += "\n     note: the trace did not listen all the time; a rule may have decided unseen";
  return text;
}

std::ostream& operator<<(std::ostream& out, const Path& path) { return out << path.to_string(); }

}  // namespace topology
}  // namespace netrig
