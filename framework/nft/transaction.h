// Changes to a ruleset that take effect together or not at all: one netlink batch.
//
//   NETRIG_TRY(apply(socket, Transaction{}.flush({Family::inet, "filter"}).add(filter)));
#pragma once

#include <netrig/nft/nf_socket.h>
#include <netrig/nft/ruleset.h>

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace netrig::nft {

/// One command of a transaction. Those that name an existing object fail with ENOENT when it does not exist.
struct AddTable {
  Table table;  ///< its chains are not looked at
};
struct AddChain {
  TableName table;
  Chain chain;  ///< its rules are not looked at; an existing chain gets the new policy
};
struct AddRule {
  ChainName chain;
  Rule rule;
  std::uint64_t position = 0;  ///< handle of the rule that it goes after (or before); 0: the end (or the front)
  bool before = false;         ///< `insert rule`, else `add rule`
};
struct ReplaceRule {
  ChainName chain;
  std::uint64_t handle = 0;
  Rule rule;
};
struct DeleteRule {
  ChainName chain;
  std::uint64_t handle = 0;
};
struct DeleteChain {
  ChainName chain;
};
struct DeleteTable {
  TableName table;
};
struct FlushChain {
  ChainName chain;
};
struct FlushTable {
  TableName table;
};
struct FlushRuleset {};
struct AddSet {
  TableName table;
  Set set;  ///< with its elements
};
struct DeleteSet {
  SetName set;
};
struct FlushSet {
  SetName set;
};
/// Fails with EEXIST if the set has it, or a part of it.
struct AddElement {
  SetName set;
  SetElement element;
};
struct DeleteElement {
  SetName set;
  SetElement element;  ///< of a map: its verdict may be left out
};
using Command = std::variant<AddTable, AddChain, AddRule, ReplaceRule, DeleteRule, DeleteChain, DeleteTable, FlushChain,
                             FlushTable, FlushRuleset, AddSet, DeleteSet, FlushSet, AddElement, DeleteElement>;
/// The command as one types it: `add rule inet filter forward tcp dport 80 drop`.
std::string to_string(const Command& command);

/// Commands in order; plain value.
class Transaction {
 public:
  std::vector<Command> commands;

  Transaction& add(Command command);
  /// The table, its chains, its sets, and the rules; what exists already gets the rules appended.
  Transaction& add(const Table& table);
  Transaction& add(const Ruleset& ruleset);
  Transaction& add(const TableName& table, const Chain& chain);
  /// The set and its elements; what exists already gets those that it lacks.
  Transaction& add(const TableName& table, Set set);
  /// Elements to a set that is there, or that this transaction adds before. EEXIST if it has one of them.
  Transaction& add_elements(const SetName& set, const std::vector<SetElement>& elements);
  Transaction& remove_elements(const SetName& set, const std::vector<SetElement>& elements);
  Transaction& add(const ChainName& chain, Rule rule);
  Transaction& add_after(const ChainName& chain, std::uint64_t handle, Rule rule);
  /// At the front of the chain.
  Transaction& insert(const ChainName& chain, Rule rule);
  Transaction& insert_before(const ChainName& chain, std::uint64_t handle, Rule rule);
  Transaction& replace(const ChainName& chain, std::uint64_t handle, Rule rule);
  Transaction& remove(const ChainName& chain, std::uint64_t handle);
  Transaction& remove(const ChainName& chain);
  Transaction& remove(const TableName& table);
  /// EBUSY while a rule looks into it.
  Transaction& remove_set(const SetName& set);
  /// Removes the rules and leaves the chains.
  Transaction& flush(const ChainName& chain);
  Transaction& flush(const TableName& table);
  /// Removes the elements and leaves the set.
  Transaction& flush_set(const SetName& set);
  /// Removes every table.
  Transaction& flush_ruleset();
};

/// Sends the transaction. On an error nothing has changed; the error names the first command that failed, the socket's
/// label, the errno and what the kernel says beside it.
/// Errors without a system call: a rule that the table cannot hold, elements that a set cannot hold. ENOENT: a rule or
/// an element names a set that the table does not have; sets that are there are read for that. EMSGSIZE: more than the
/// socket's send buffer.
Result<void> apply(NfSocket& socket, const Transaction& transaction);
/// Adds what is in it: apply(socket, Transaction{}.add(ruleset)).
Result<void> apply(NfSocket& socket, const Ruleset& ruleset);
/// Adds one rule at the end of the chain and returns its handle, for removing it later.
Result<std::uint64_t> add_rule(NfSocket& socket, const ChainName& chain, const Rule& rule);

}  // namespace netrig::nft
