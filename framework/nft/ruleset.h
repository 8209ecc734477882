// Tables and chains as plain values, printed as `nft list ruleset` prints them.
//
//   Table filter{Family::inet, "filter"};
//   filter.add(Chain::base("forward", ChainType::filter, Hook::forward, priority::kFilter, Policy::drop))
//       .add(Rule{}.ct_state(CtState::established | CtState::related).accept());
#pragma once

#include <netrig/nft/names.h>
#include <netrig/nft/rule.h>
#include <netrig/nft/set.h>

#include <compare>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace netrig::nft {

/// Names a table: `inet filter`.
struct TableName {
  Family family = Family::inet;
  std::string name;
  friend auto operator<=>(const TableName&, const TableName&) = default;
};
std::string to_string(const TableName& table);
std::ostream& operator<<(std::ostream& out, const TableName& table);

/// Names a chain: `inet filter forward`.
struct ChainName {
  TableName table;
  std::string name;
  friend auto operator<=>(const ChainName&, const ChainName&) = default;
};
std::string to_string(const ChainName& chain);
std::ostream& operator<<(std::ostream& out, const ChainName& chain);

/// Names a set or map: `inet filter guests`.
struct SetName {
  TableName table;
  std::string name;
  friend auto operator<=>(const SetName&, const SetName&) = default;
};
std::string to_string(const SetName& set);
std::ostream& operator<<(std::ostream& out, const SetName& set);

/// What makes a chain a base chain: where packets enter it, and what becomes of those that reach its end.
struct BaseChain {
  ChainType type = ChainType::filter;
  Hook hook = Hook::input;
  int priority = priority::kFilter;
  Policy policy = Policy::accept;
  std::vector<std::string> devices = {};  ///< of netdev tables
  /// How often the policy decided. Chains made here count it; nft neither shows nor makes such counters.
  std::optional<Counter> policy_count = Counter{};
  friend bool operator==(const BaseChain&, const BaseChain&) = default;
};

/// A chain and its rules in order. One without `hook` is a regular chain: it is reached by jump and goto.
struct Chain {
  std::string name;
  std::optional<BaseChain> hook = {};
  std::vector<Rule> rules = {};
  std::string comment = {};
  std::uint64_t handle = 0;

  static Chain base(std::string name, ChainType type, Hook hook, int priority, Policy policy = Policy::accept);
  static Chain regular(std::string name);
  /// Appends a rule; returns this chain.
  Chain& add(Rule rule);
  friend bool operator==(const Chain&, const Chain&) = default;
};

/// A table, its chains and its sets in order of creation.
struct Table {
  Family family = Family::inet;
  std::string name;
  std::vector<Chain> chains = {};
  std::vector<Set> sets = {};
  bool dormant = false;  ///< its base chains are not hooked in
  /// Belongs to the socket that made it: others cannot change it, `flush ruleset` leaves it alone, and it goes when
  /// that socket closes. Since Linux 5.12.
  bool owned = false;
  std::string comment = {};
  std::uint64_t handle = 0;

  /// Appends a chain, or its rules to the chain of that name; returns the chain in this table (until the next add).
  Chain& add(Chain chain);
  /// Appends a set, or its elements to the set of that name; returns the set in this table (until the next add).
  Set& add(Set set);
  [[nodiscard]] TableName id() const { return {family, name}; }
  [[nodiscard]] const Chain* find(std::string_view chain) const;
  [[nodiscard]] const Set* find_set(std::string_view set) const;
  friend bool operator==(const Table&, const Table&) = default;
};

/// All tables of a network namespace, or those that a preset wants.
struct Ruleset {
  std::vector<Table> tables = {};

  /// Appends a table, or its chains and sets to the table of that name; returns the table in this ruleset (until the
  /// next add).
  Table& add(Table table);
  /// Merges another ruleset into this one: chains of one name get the rules of both.
  Ruleset& add(const Ruleset& other);
  [[nodiscard]] const Table* find(const TableName& table) const;
  [[nodiscard]] const Chain* find(const ChainName& chain) const;
  [[nodiscard]] const Set* find_set(const SetName& set) const;
  /// The first rule with this comment, and where it is.
  [[nodiscard]] const Rule* find_comment(std::string_view comment) const;
  friend bool operator==(const Ruleset&, const Ruleset&) = default;
};

/// Whether a listing shows handles, as `nft -a` does.
enum class Handles : bool { hide, show };
/// The text of `nft list ruleset` (or `nft -a list ruleset`), byte for byte where all expressions are known here.
std::string to_string(const Ruleset& ruleset, Handles handles = Handles::hide);
std::string to_string(const Table& table, Handles handles = Handles::hide);
std::ostream& operator<<(std::ostream& out, const Ruleset& ruleset);
std::ostream& operator<<(std::ostream& out, const Table& table);

}  // namespace netrig::nft
