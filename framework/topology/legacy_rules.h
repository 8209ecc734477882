// Private to the module: rules of iptables-legacy and what they counted, from the text of iptables-legacy-save.
//
//   const auto before = parse_legacy(saved);                     // iptables-legacy-save -c
//   ... the probe ...
//   for (const LegacyRule& rule : counted_between(before, parse_legacy(saved_again)))
//     if (rule.stops() && may_match(rule, packet)) ...           // it could be this one
#pragma once

#include <netrig/nft/expression.h>
#include <netrig/nft/trace_event.h>

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace netrig {
inline namespace topology {

/// A rule, or the policy of a chain.
struct LegacyRule {
  std::string table, chain;
  std::size_t position = 0;  ///< in its chain, from 1; 0: the chain's policy
  std::string text = {};     ///< `-p tcp -m tcp --dport 80 -j DROP`, `policy DROP`
  std::string target = {};   ///< `DROP`, or the chain that it leads to; empty: it only counts
  std::string comment = {};
  std::uint64_t packets = 0;

  /// Whether no packet gets past it that it matches.
  [[nodiscard]] bool stops() const { return target == "DROP" || rejects(); }
  [[nodiscard]] bool rejects() const { return target == "REJECT"; }
  friend bool operator==(const LegacyRule&, const LegacyRule&) = default;
};

/// The output of `iptables-legacy-save -c` or `ip6tables-legacy-save -c`, in its order.
std::vector<LegacyRule> parse_legacy(std::string_view saved);

/// Those that counted, with the difference. A rule that is new in `after`, or was changed, counts from zero.
std::vector<LegacyRule> counted_between(const std::vector<LegacyRule>& before, const std::vector<LegacyRule>& after);

/// The chains, by table and name, that a packet meets at `hook` (`FORWARD`), also those that rules lead to.
std::set<std::pair<std::string, std::string>> legacy_chains_at(const std::vector<LegacyRule>& rules,
                                                               const std::string& hook);

/// What a rule may look at.
struct LegacyPacket {
  nft::TracedPacket headers;
  std::string incoming = {}, outgoing = {};  ///< interfaces; empty: not known
  bool first = false;                        ///< asks: of no connection yet
  bool translated = false;                   ///< addresses and ports may have been others when the rule saw it
};

/// Whether nothing that is known of the packet speaks against the rule's matches: protocol, addresses, ports,
/// interfaces, state of the connection. Other matches are taken for fulfilled.
bool may_match(const LegacyRule& rule, const LegacyPacket& packet);

}  // namespace topology
}  // namespace netrig
