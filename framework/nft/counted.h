// What a listing, or two, tell about where packets went.
//
//   Ruleset before = NETRIG_TRY(list(socket));
//   ... send ...
//   for (const Counted& rule : blocked_between(before, NETRIG_TRY(list(socket)))) std::cerr << rule;
//   // table inet filter, chain forward, rule 4 (handle 9): ip saddr 10.0.0.1 counter packets 3 bytes 252 drop
#pragma once

#include <netrig/nft/ruleset.h>

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

namespace netrig::nft {

/// A base chain in a listing.
struct HookedChain {
  ChainName name;
  const Chain* chain = nullptr;  ///< of the listing that was asked; lives as long as that
};
/// The base chains at `hook` which packets of `family` (ip, ip6 or bridge) meet, in the order in which they meet them.
/// Chains of dormant tables are left out.
std::vector<HookedChain> chains_at(const Ruleset& ruleset, Hook hook, Family family);
/// Those of chains_at() whose policy is drop.
std::vector<HookedChain> dropping_policies(const Ruleset& ruleset, Hook hook, Family family);

/// A rule, or the policy of a base chain, and what it counted.
struct Counted {
  ChainName chain;
  std::size_t position = 0;  ///< of the rule in its chain, from 1; 0: the chain's policy
  std::uint64_t handle = 0;
  std::string text;  ///< the rule as `nft` prints it, or `policy drop`
  std::string comment;
  bool blocks = false;  ///< drop or reject
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  friend bool operator==(const Counted&, const Counted&) = default;
};
/// `table inet filter, chain forward, rule 4 (handle 9) "no web": tcp dport 80 counter packets 3 bytes 252 drop`
std::string to_string(const Counted& counted);
std::ostream& operator<<(std::ostream& out, const Counted& counted);

/// Every rule and policy whose counter rose from `before` to `after`, in listing order. A rule that is new in `after`
/// counts from zero, also one that was put in place of another. Rules without a counter cannot be seen.
std::vector<Counted> counted_between(const Ruleset& before, const Ruleset& after);
/// Those of counted_between() that dropped or rejected.
std::vector<Counted> blocked_between(const Ruleset& before, const Ruleset& after);
/// Every rule and policy of `ruleset` that drops or rejects, whether it counts or not, at `hook` for packets of
/// `family`: what to suspect where no counter tells. Chains reached by jump and goto are included.
std::vector<Counted> blockers_at(const Ruleset& ruleset, Hook hook, Family family);

}  // namespace netrig::nft
