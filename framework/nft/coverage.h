// Which rules of a ruleset packets ever met, and which no test has hit.
//
//   Coverage seen = gateway.coverage();        // of a node that records (topology/node.h)
//   for (const RuleUse& rule : seen.unused()) std::cout << rule << '\n';
//     // never hit: table inet filter, chain forward, rule 4 (handle 9) "no web": tcp dport 80 drop
//   std::cout << seen;
//     // "gw": 4 of 5 rules exercised
//     //    hits  rule
//     //       3  table inet filter, chain forward, rule 1 (handle 4): ct state established,related accept
//     //   never  table inet filter, chain forward, rule 4 (handle 9) "no web": tcp dport 80 drop
//
// A rule was hit when a packet fulfilled all its matches, whatever it did then: nat chains see the first packet of a
// connection alone, and so do their rules.
#pragma once

#include <netrig/base/result.h>
#include <netrig/nft/listing.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace netrig::nft {

/// A rule, and how many packets it matched.
struct RuleUse {
  ListedRule rule;  ///< without counts
  std::uint64_t hits = 0;

  /// `hit 3 times: table inet filter, chain forward, rule 4 (handle 9) "no web": tcp dport 80 drop`
  [[nodiscard]] std::string to_string() const;
  friend bool operator==(const RuleUse&, const RuleUse&) = default;
};
std::ostream& operator<<(std::ostream& out, const RuleUse& rule);

/// The use of all rules of one ruleset.
struct Coverage {
  std::vector<std::string> nodes = {};  ///< where it was loaded, in alphabetical order
  std::vector<RuleUse> rules = {};      ///< in the order of the listing
  /// Everything that happened was heard. Else there were more packets than could be taken in: what counts as hit was
  /// hit, and what does not may have been.
  bool complete = true;

  /// The rules that nothing hit.
  [[nodiscard]] std::vector<RuleUse> unused() const;
  /// The first rule with this comment; nullptr when there is none.
  [[nodiscard]] const RuleUse* find_comment(std::string_view comment) const;
  /// Whether both are of the same rules in the same order; handles and the order of elements in sets do not matter.
  [[nodiscard]] bool same_rules(const Coverage& other) const;
  /// Adds the hits of another one, of the same rules.
  void add(const Coverage& other);
  friend bool operator==(const Coverage&, const Coverage&) = default;
};
/// The table that the example shows.
std::string to_string(const Coverage& coverage);
std::ostream& operator<<(std::ostream& out, const Coverage& coverage);

/// Adds to the entry of the same rules, or makes one.
void merge(std::vector<Coverage>& all, const Coverage& more);

/// `{"rulesets": [{"nodes": ["gw"], "complete": true, "exercised": 4, "rules": [{"family": "inet", "table": "filter",
/// "chain": "forward", "position": 1, "handle": 4, "comment": "", "text": "...", "hits": 3}, ...]}]}`
std::string to_json(const std::vector<Coverage>& all);
/// The same back. An error says what is not as to_json() writes it.
Result<std::vector<Coverage>> parse_coverage(std::string_view json);

/// Merges into a file of that JSON, which need not exist, and which other processes may merge into at the same time.
/// A file that holds something else is an error and stays as it is.
Result<void> merge_into_file(const std::filesystem::path& file, const std::vector<Coverage>& more);

}  // namespace netrig::nft
