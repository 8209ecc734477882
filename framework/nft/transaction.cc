#include <netrig/nft/transaction.h>

#include <fmt/format.h>

#include <utility>

namespace netrig::nft {
namespace {

std::string hook_text(const Chain& chain, Family family) {
  if (!chain.hook) return "";
  return fmt::format(" {{ type {} hook {} priority {}; policy {}; }}", to_string(chain.hook->type),
                     to_string(chain.hook->hook), priority_name(chain.hook->priority, family, chain.hook->hook),
                     to_string(chain.hook->policy));
}

struct CommandPrinter {
  std::string operator()(const AddTable& add) const { return fmt::format("add table {}", to_string(add.table.id())); }
  std::string operator()(const AddChain& add) const {
    return fmt::format("add chain {} {}{}", to_string(add.table), add.chain.name,
                       hook_text(add.chain, add.table.family));
  }
  std::string operator()(const AddRule& add) const {
    return fmt::format("{} rule {}{} {}", add.before ? "insert" : "add", to_string(add.chain),
                       add.position != 0 ? fmt::format(" position {}", add.position) : "",
                       to_string(add.rule, add.chain.table.family));
  }
  std::string operator()(const ReplaceRule& replace) const {
    return fmt::format("replace rule {} handle {} {}", to_string(replace.chain), replace.handle,
                       to_string(replace.rule, replace.chain.table.family));
  }
  std::string operator()(const DeleteRule& remove) const {
    return fmt::format("delete rule {} handle {}", to_string(remove.chain), remove.handle);
  }
  std::string operator()(const DeleteChain& remove) const {
    return fmt::format("delete chain {}", to_string(remove.chain));
  }
  std::string operator()(const DeleteTable& remove) const {
    return fmt::format("delete table {}", to_string(remove.table));
  }
  std::string operator()(const FlushChain& flush) const {
    return fmt::format("flush chain {}", to_string(flush.chain));
  }
  std::string operator()(const FlushTable& flush) const {
    return fmt::format("flush table {}", to_string(flush.table));
  }
  std::string operator()(const FlushRuleset&) const { return "flush ruleset"; }
  std::string operator()(const AddSet& add) const {
    return fmt::format("add {} {} {} {{ {}; {}}}", kind(add.set.type), to_string(add.table), add.set.name,
                       to_string(add.set.type), add.set.type.interval ? "flags interval; " : "");
  }
  std::string operator()(const DeleteSet& remove) const { return fmt::format("delete set {}", to_string(remove.set)); }
  std::string operator()(const FlushSet& flush) const { return fmt::format("flush set {}", to_string(flush.set)); }
  std::string operator()(const AddElement& add) const { return element("create", add.set, add.element); }
  std::string operator()(const DeleteElement& remove) const { return element("delete", remove.set, remove.element); }

  static std::string_view kind(const SetType& type) { return type.map ? "map" : "set"; }
  static std::string element(std::string_view verb, const SetName& set, const SetElement& element) {
    return fmt::format("{} element {} {{ {} }}", verb, to_string(set), to_string(element));
  }
};

}  // namespace

std::string to_string(const Command& command) { return std::visit(CommandPrinter{}, command); }

Transaction& Transaction::add(Command command) {
  commands.push_back(std::move(command));
  return *this;
}

// Chains come before sets and all rules, so that rules and maps may jump to chains that stand later.
Transaction& Transaction::add(const Table& table) {
  add(Command{AddTable{{.family = table.family,
                        .name = table.name,
                        .dormant = table.dormant,
                        .owned = table.owned,
                        .comment = table.comment}}});
  for (const Chain& chain : table.chains) {
    add(Command{AddChain{table.id(), {.name = chain.name, .hook = chain.hook, .comment = chain.comment}}});
  }
  for (const Set& set : table.sets) add(table.id(), set);
  for (const Chain& chain : table.chains) {
    for (const Rule& rule : chain.rules) add({table.id(), chain.name}, rule);
  }
  return *this;
}

Transaction& Transaction::add(const Ruleset& ruleset) {
  for (const Table& table : ruleset.tables) add(table);
  return *this;
}

Transaction& Transaction::add(const TableName& table, const Chain& chain) {
  add(Command{AddChain{table, {.name = chain.name, .hook = chain.hook, .comment = chain.comment}}});
  for (const Rule& rule : chain.rules) add({table, chain.name}, rule);
  return *this;
}

Transaction& Transaction::add(const TableName& table, Set set) { return add(Command{AddSet{table, std::move(set)}}); }
Transaction& Transaction::add_elements(const SetName& set, const std::vector<SetElement>& elements) {
  for (const SetElement& element : elements) add(Command{AddElement{set, element}});
  return *this;
}
Transaction& Transaction::remove_elements(const SetName& set, const std::vector<SetElement>& elements) {
  for (const SetElement& element : elements) add(Command{DeleteElement{set, element}});
  return *this;
}
Transaction& Transaction::remove_set(const SetName& set) { return add(Command{DeleteSet{set}}); }
Transaction& Transaction::flush_set(const SetName& set) { return add(Command{FlushSet{set}}); }

Transaction& Transaction::add(const ChainName& chain, Rule rule) {
  return add(Command{AddRule{chain, std::move(rule)}});
}
Transaction& Transaction::add_after(const ChainName& chain, std::uint64_t handle, Rule rule) {
  return add(Command{AddRule{chain, std::move(rule), handle}});
}
Transaction& Transaction::insert(const ChainName& chain, Rule rule) {
  return add(Command{AddRule{chain, std::move(rule), 0, true}});
}
Transaction& Transaction::insert_before(const ChainName& chain, std::uint64_t handle, Rule rule) {
  return add(Command{AddRule{chain, std::move(rule), handle, true}});
}
Transaction& Transaction::replace(const ChainName& chain, std::uint64_t handle, Rule rule) {
  return add(Command{ReplaceRule{chain, handle, std::move(rule)}});
}
Transaction& Transaction::remove(const ChainName& chain, std::uint64_t handle) {
  return add(Command{DeleteRule{chain, handle}});
}
Transaction& Transaction::remove(const ChainName& chain) { return add(Command{DeleteChain{chain}}); }
Transaction& Transaction::remove(const TableName& table) { return add(Command{DeleteTable{table}}); }
Transaction& Transaction::flush(const ChainName& chain) { return add(Command{FlushChain{chain}}); }
Transaction& Transaction::flush(const TableName& table) { return add(Command{FlushTable{table}}); }
Transaction& Transaction::flush_ruleset() { return add(Command{FlushRuleset{}}); }

}  // namespace netrig::nft
