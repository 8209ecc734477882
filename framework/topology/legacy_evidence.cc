#include <netrig/topology/legacy_evidence.h>
#include <netrig/topology/plan.h>
#include <netrig/topology/retell.h>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

namespace netrig {
inline namespace topology {

namespace {

using nft::Waypoint;

std::string tool(AddressFamily family) {
  return family == AddressFamily::ipv4 ? "iptables-legacy-save" : "ip6tables-legacy-save";
}

// Where a visit ended that neither left the node nor was taken in by it.
std::vector<std::string> hooks_of_the_end(const Visit& visit, bool own) {
  switch (visit.reached) {
    case Waypoint::arrived:
      return {"PREROUTING"};
    case Waypoint::sent:
      return {"OUTPUT", "POSTROUTING"};
    case Waypoint::routable:
      return {own ? "INPUT" : "FORWARD"};
    case Waypoint::forwarded:
      return {"POSTROUTING"};
    case Waypoint::entered:
    case Waypoint::delivered:
    case Waypoint::left:
      break;
  }
  return {};
}

// Where it got through, and where it ended.
std::vector<std::string> hooks_met(const Visit& visit, bool own) {
  auto hooks = hooks_of_the_end(visit, own);
  const bool arrived = visit.came == Waypoint::arrived;
  if (arrived && visit.reached != Waypoint::arrived) hooks.emplace_back("PREROUTING");
  if (visit.reached == Waypoint::delivered) hooks.emplace_back("INPUT");
  const bool left = visit.reached == Waypoint::left;
  if (arrived && (left || visit.reached == Waypoint::forwarded)) hooks.emplace_back("FORWARD");
  if (!arrived && left) hooks.emplace_back("OUTPUT");
  if (left) hooks.emplace_back("POSTROUTING");
  return hooks;
}

std::string packets_text(std::uint64_t packets) { return fmt::format("{} packet{}", packets, packets == 1 ? "" : "s"); }

// What one rule's counter says of a probe of which so many packets vanished.
std::string evidence_text(std::uint64_t counted, std::size_t vanished) {
  if (counted <= vanished) return fmt::format("counted {} of this probe", packets_text(counted));
  return fmt::format("counted {}, {} of this probe among them", packets_text(counted), vanished);
}

}  // namespace

LegacyEvidence::LegacyEvidence(LabTrace& trace, AddressFamily family)
    : trace_{trace}, family_{family}, nodes_(trace.nodes().size()) {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (!trace_.has_legacy_tables(i, family)) continue;
    any_ = true;
    nodes_[i].emplace();
    nodes_[i]->before = read(i);
  }
}

void LegacyEvidence::look() {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (!nodes_[i]) continue;
    auto& known = *nodes_[i];
    known.after = read(i);
    known.grown = counted_between(known.before, known.after);
    known.own.clear();
    trace_.nodes()[i].netlink([&](netlink::Socket& socket) {
      for (const auto& own : value_or_throw(netlink::dump_addresses(socket))) known.own.push_back(own.local.address());
    });
  }
}

// Nothing where that fails, and a note.
std::vector<LegacyRule> LegacyEvidence::read(std::size_t node) {
  const auto& name = trace_.nodes()[node].name();
  auto& unread = nodes_[node]->unread;
  std::string why;
  try {
    const auto done = trace_.nodes()[node].exec({tool(family_), "-c"});
    if (done.success()) return parse_legacy(done.out);
    why = done.err;
  } catch (const SetupError& error) {
    if (error.error().code != ENOENT) throw;
    why = "it is not installed";
  }
  unread = fmt::format(
      "\"{}\" has tables of iptables-legacy, whose rules are in no trace, and {} does not tell their counters: {}",
      name, tool(family_), why);
  return {};
}

bool LegacyEvidence::is_for(const Visit& visit) const { return !visit.bridged() && nodes_[visit.node].has_value(); }

bool LegacyEvidence::is_for_itself(const Visit& visit) const {
  const auto& own = nodes_[visit.node]->own;
  return std::ranges::find(own, visit.last.destination) != own.end();
}

std::string LegacyEvidence::unread(const Visit& visit) const { return is_for(visit) ? nodes_[visit.node]->unread : ""; }

std::vector<LegacyRule> LegacyEvidence::counted(const Visit& visit, const std::vector<std::string>& hooks,
                                                bool asks) const {
  const auto& known = *nodes_[visit.node];
  std::set<std::pair<std::string, std::string>> met;
  for (const auto& hook : hooks) met.merge(legacy_chains_at(known.after, hook));
  const auto& node = trace_.nodes()[visit.node];
  const bool has_nat = std::ranges::any_of(known.after, [](const auto& rule) { return rule.table == "nat"; });
  const LegacyPacket packet{.headers = visit.last,
                            .incoming = interface_name(node, visit.incoming),
                            .outgoing = interface_name(node, visit.outgoing),
                            .first = asks,
                            .translated = visit.first != visit.last || (visit.reached == Waypoint::sent && has_nat)};
  auto counted = known.grown;
  std::erase_if(counted, [&](const LegacyRule& rule) {
    return !met.contains({rule.table, rule.chain}) || !may_match(rule, packet);
  });
  return counted;
}

std::vector<LegacyRule> LegacyEvidence::stopping(const Visit& visit, bool asks) const {
  if (!is_for(visit) || visit.drop) return {};
  const auto hooks = hooks_of_the_end(visit, is_for_itself(visit));
  if (hooks.empty() || nodes_[visit.node]->grown.empty()) return {};
  auto rules = counted(visit, hooks, asks);
  std::erase_if(rules, [](const LegacyRule& rule) { return !rule.stops(); });
  return rules;
}

std::vector<PathDecision> LegacyEvidence::ended(const Visit& visit, const End& end) const {
  auto rules = stopping(visit, end.asks);
  if (std::ranges::any_of(rules, [&](const auto& rule) { return rule.rejects() == end.refused; }))
    std::erase_if(rules, [&](const auto& rule) { return rule.rejects() != end.refused; });
  std::vector<PathDecision> decisions;
  for (const auto& rule : rules) {
    decisions.push_back(decision(
        rule, rules.size() == 1 ? evidence_text(rule.packets, end.packets) : "counted " + packets_text(rule.packets)));
  }
  return decisions;
}

std::vector<PathDecision> LegacyEvidence::accepted(const Visit& visit, bool asks) const {
  if (!is_for(visit)) return {};
  std::vector<PathDecision> decisions;
  for (const auto& rule : counted(visit, hooks_met(visit, is_for_itself(visit)), asks)) {
    if (rule.target == "ACCEPT") decisions.push_back(decision(rule, "counted " + packets_text(rule.packets)));
  }
  return decisions;
}

PathDecision LegacyEvidence::decision(const LegacyRule& rule, const std::string& evidence) const {
  using Kind = nft::Verdict::Kind;
  const auto family = family_ == AddressFamily::ipv4 ? nft::Family::ip : nft::Family::ip6;
  return {.rule = {.chain = {{family, rule.table}, rule.chain},
                   .position = rule.position,
                   .text = rule.text,
                   .comment = rule.comment},
          .verdict = {rule.stops() ? Kind::drop : Kind::accept},
          .evidence = evidence};
}

}  // namespace topology
}  // namespace netrig
