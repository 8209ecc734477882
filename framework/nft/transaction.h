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
using Command = std::variant<AddTable, AddChain, AddRule, ReplaceRule, DeleteRule, DeleteChain, DeleteTable, FlushChain,
                             FlushTable, FlushRuleset>;
/// The command as one types it: `add rule inet filter forward tcp dport 80 drop`.
std::string to_string(const Command& command);

/// Commands in order; plain value.
class Transaction {
 public:
  std::vector<Command> commands;

  Transaction& add(Command command);
  /// The table, its chains and their rules; what exists already gets the rules appended.
  Transaction& add(const Table& table);
  Transaction& add(const Ruleset& ruleset);
  Transaction& add(const TableName& table, const Chain& chain);
  Transaction& add(const ChainName& chain, Rule rule);
  Transaction& add_after(const ChainName& chain, std::uint64_t handle, Rule rule);
  /// At the front of the chain.
  Transaction& insert(const ChainName& chain, Rule rule);
  Transaction& insert_before(const ChainName& chain, std::uint64_t handle, Rule rule);
  Transaction& replace(const ChainName& chain, std::uint64_t handle, Rule rule);
  Transaction& remove(const ChainName& chain, std::uint64_t handle);
  Transaction& remove(const ChainName& chain);
  Transaction& remove(const TableName& table);
  /// Removes the rules and leaves the chains.
  Transaction& flush(const ChainName& chain);
  Transaction& flush(const TableName& table);
  /// Removes every table.
  Transaction& flush_ruleset();
};

/// Sends the transaction. On an error nothing has changed; the error names the first command that failed, the socket's
/// label, the errno and what the kernel says beside it.
/// Errors without a system call: a rule that the table cannot hold. EMSGSIZE: more than the socket's send buffer.
Result<void> apply(NfSocket& socket, const Transaction& transaction);
/// Adds what is in it: apply(socket, Transaction{}.add(ruleset)).
Result<void> apply(NfSocket& socket, const Ruleset& ruleset);
/// Adds one rule at the end of the chain and returns its handle, for removing it later.
Result<std::uint64_t> add_rule(NfSocket& socket, const ChainName& chain, const Rule& rule);

}  // namespace netrig::nft
