// A ruleset as nft lists it, line by line: to find a rule, and to say in words what changed.
//
//   Listing listing = Listing::parse(gateway.list(Handles::show));
//   listing.find_comment("no web")->to_string();
//   // table inet filter, chain forward, rule 4 (handle 9) "no web": tcp dport 80 drop
//   for (auto& change : differences(before, after)) std::cout << change << '\n';
//   // table inet filter, chain forward: removed rule 4: tcp dport 80 drop comment "no web"
//
// Reads only the layout of a listing (blocks in braces, one rule a line), never what a rule means.
#pragma once

#include <netrig/nft/ruleset.h>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace netrig::nft {

/// A rule in a listing.
struct ListedRule {
  ChainName chain;
  std::size_t position = 0;  ///< in its chain, from 1
  std::uint64_t handle = 0;  ///< 0 where the listing shows none
  std::string text = {};     ///< as nft prints it, with counters and comment, without the handle
  std::string comment = {};

  /// `table inet filter, chain forward, rule 4 (handle 9) "no web": tcp dport 80 drop`
  [[nodiscard]] std::string to_string() const;
  friend auto operator<=>(const ListedRule&, const ListedRule&) = default;
};
std::ostream& operator<<(std::ostream& out, const ListedRule& rule);
/// The rule's text without what counters counted, and with the elements of sets in alphabetical order: the same for
/// rules that do the same.
std::string comparable_text(const ListedRule& rule);

/// Anything in a table that is in braces: a chain, set, map, flowtable, counter...
struct ListedBlock {
  TableName table;
  std::string header;              ///< `chain forward`, `set guests`; empty: of the table itself
  std::vector<std::string> lines;  ///< its content, one statement, rule or element a line, without handles
};

/// A listing taken apart.
class Listing {
 public:
  /// The output of `nft list ruleset`, with handles or without.
  static Listing parse(std::string text);

  /// The text that was parsed.
  [[nodiscard]] const std::string& text() const { return text_; }
  /// Every rule, in the order of the listing.
  [[nodiscard]] const std::vector<ListedRule>& rules() const { return rules_; }
  [[nodiscard]] const std::vector<ListedBlock>& blocks() const { return blocks_; }
  /// The first rule with this comment.
  [[nodiscard]] const ListedRule* find_comment(std::string_view comment) const;
  /// The rule of that handle; needs a listing with handles. Handles are unique in a table.
  [[nodiscard]] const ListedRule* find(const TableName& table, std::uint64_t handle) const;

 private:
  std::string text_;
  std::vector<ListedRule> rules_;
  std::vector<ListedBlock> blocks_;
};

/// What was added and removed from `before` to `after`, one thing a line; handles, the values of counters and the
/// order of elements in sets do not matter. Empty: the same. A rule that moved is removed and added; one that changed
/// too.
std::vector<std::string> differences(const Listing& before, const Listing& after);

}  // namespace netrig::nft
