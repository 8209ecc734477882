#include <netrig/nft/counted.h>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <ostream>
#include <set>
#include <utility>

namespace netrig::nft {
namespace {

bool sees(Family table, Family packet) {
  return table == packet || (table == Family::inet && (packet == Family::ip || packet == Family::ip6));
}

Counted counted_rule(const ChainName& chain, std::size_t position, const Rule& rule) {
  return {.chain = chain,
          .position = position,
          .handle = rule.handle,
          .text = to_string(rule, chain.table.family),
          .comment = rule.remark,
          .blocks = rule.blocks(),
          .packets = rule.count().value_or(Counter{}).packets,
          .bytes = rule.count().value_or(Counter{}).bytes};
}

Counted counted_policy(const ChainName& chain, const BaseChain& base) {
  return {.chain = chain,
          .position = 0,
          .handle = 0,
          .text = fmt::format("policy {}", to_string(base.policy)),
          .comment = {},
          .blocks = base.policy == Policy::drop,
          .packets = base.policy_count.value_or(Counter{}).packets,
          .bytes = base.policy_count.value_or(Counter{}).bytes};
}

// Every rule of a chain, then its policy: the order in which a packet meets them.
std::vector<Counted> all_of(const ChainName& name, const Chain& chain) {
  std::vector<Counted> all;
  all.reserve(chain.rules.size() + 1);
  for (std::size_t i = 0; i < chain.rules.size(); ++i) all.push_back(counted_rule(name, i + 1, chain.rules[i]));
  if (chain.hook) all.push_back(counted_policy(name, *chain.hook));
  return all;
}

std::vector<Counted> all_of(const Ruleset& ruleset) {
  std::vector<Counted> all;
  for (const Table& table : ruleset.tables) {
    for (const Chain& chain : table.chains)
      std::ranges::move(all_of({table.id(), chain.name}, chain), std::back_inserter(all));
  }
  return all;
}

// A rule keeps its handle as long as it lives; a policy belongs to its chain.
using Identity = std::pair<ChainName, std::uint64_t>;

// The chains that a rule leads to: itself, or by a verdict map.
std::vector<std::string> chains_from(const Ruleset& ruleset, const TableName& table, const Rule& rule) {
  std::vector<std::string> chains;
  const auto take = [&](const Verdict& verdict) {
    if (!verdict.chain.empty()) chains.push_back(verdict.chain);
  };
  for (const Expression& expression : rule.expressions) {
    if (const auto* verdict = std::get_if<Verdict>(&expression)) take(*verdict);
    const auto* map = std::get_if<VerdictMap>(&expression);
    if (map == nullptr) continue;
    const Set* named = ruleset.find_set({table, map->name});
    for (const SetElement& element : named != nullptr ? named->elements : map->elements)
      take(element.verdict.value_or(Verdict::next_rule()));
  }
  return chains;
}

// The blockers of a chain and of those that it leads to, each chain once.
void collect_blockers(const Ruleset& ruleset, const ChainName& name, std::set<ChainName>& seen,
                      std::vector<Counted>& result) {
  const Chain* chain = ruleset.find(name);
  if (chain == nullptr || !seen.insert(name).second) return;
  for (std::size_t i = 0; i < chain->rules.size(); ++i) {
    const Rule& rule = chain->rules[i];
    if (rule.blocks()) result.push_back(counted_rule(name, i + 1, rule));
    for (const std::string& next : chains_from(ruleset, name.table, rule))
      collect_blockers(ruleset, {name.table, next}, seen, result);
  }
  if (chain->hook && chain->hook->policy == Policy::drop) result.push_back(counted_policy(name, *chain->hook));
}

}  // namespace

std::vector<HookedChain> chains_at(const Ruleset& ruleset, Hook hook, Family family) {
  const auto priority = [](const HookedChain& hooked) { return hooked.chain->hook->priority; };
  std::vector<HookedChain> chains;
  for (const Table& table : ruleset.tables) {
    if (table.dormant || !sees(table.family, family)) continue;
    for (const Chain& chain : table.chains) {
      if (!chain.hook || chain.hook->hook != hook) continue;
      const auto after = std::ranges::upper_bound(chains, chain.hook->priority, {}, priority);
      chains.insert(after, {{table.id(), chain.name}, &chain});
    }
  }
  return chains;
}

std::vector<HookedChain> dropping_policies(const Ruleset& ruleset, Hook hook, Family family) {
  std::vector<HookedChain> chains = chains_at(ruleset, hook, family);
  std::erase_if(chains, [](const HookedChain& hooked) { return hooked.chain->hook->policy != Policy::drop; });
  return chains;
}

std::string to_string(const Counted& counted) {
  const std::string where = fmt::format("table {}, chain {}", to_string(counted.chain.table), counted.chain.name);
  if (counted.position == 0) return fmt::format("{}: {}", where, counted.text);
  const std::string comment = counted.comment.empty() ? "" : fmt::format(" \"{}\"", counted.comment);
  return fmt::format("{}, rule {} (handle {}){}: {}", where, counted.position, counted.handle, comment, counted.text);
}

std::ostream& operator<<(std::ostream& out, const Counted& counted) { return out << to_string(counted); }

std::vector<Counted> counted_between(const Ruleset& before, const Ruleset& after) {
  std::map<Identity, Counted> earlier;
  for (Counted& counted : all_of(before)) {
    Identity identity{counted.chain, counted.handle};
    earlier.emplace(std::move(identity), std::move(counted));
  }
  std::vector<Counted> risen;
  for (Counted& counted : all_of(after)) {
    const auto found = earlier.find({counted.chain, counted.handle});
    const bool reset = found != earlier.end() && found->second.packets > counted.packets;
    if (found != earlier.end() && !reset) {
      counted.packets -= found->second.packets;
      counted.bytes -= found->second.bytes;
    }
    if (counted.packets > 0) risen.push_back(std::move(counted));
  }
  return risen;
}

std::vector<Counted> blocked_between(const Ruleset& before, const Ruleset& after) {
  std::vector<Counted> blocked = counted_between(before, after);
  std::erase_if(blocked, [](const Counted& counted) { return !counted.blocks; });
  return blocked;
}

std::vector<Counted> blockers_at(const Ruleset& ruleset, Hook hook, Family family) {
  std::set<ChainName> seen;
  std::vector<Counted> result;
  for (const HookedChain& hooked : chains_at(ruleset, hook, family))
    collect_blockers(ruleset, hooked.name, seen, result);
  return result;
}

}  // namespace netrig::nft
