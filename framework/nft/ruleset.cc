#include <netrig/nft/ruleset.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <ostream>
#include <utility>

namespace netrig::nft {
namespace {

std::string handle_text(std::uint64_t handle, Handles handles) {
  return handles == Handles::show && handle != 0 ? fmt::format(" # handle {}", handle) : "";
}

std::string comment_line(const std::string& comment, int tabs) {
  return comment.empty() ? "" : fmt::format("{:\t<{}}comment \"{}\"\n", "", tabs, comment);
}

std::string devices_text(const std::vector<std::string>& devices) {
  if (devices.empty()) return "";
  if (devices.size() == 1) return fmt::format(" device \"{}\"", devices.front());
  return fmt::format(" devices = {{ {} }}", fmt::join(devices, ", "));
}

std::string hook_line(const BaseChain& base, Family family) {
  return fmt::format("\t\ttype {} hook {}{} priority {}; policy {};\n", to_string(base.type), to_string(base.hook),
                     devices_text(base.devices), priority_name(base.priority, family, base.hook),
                     to_string(base.policy));
}

std::string set_text(const Set& set, Handles handles) {
  return fmt::format("\t{} {} {{{}\n{}\t}}\n", set.type.map ? "map" : "set", set.name, handle_text(set.handle, handles),
                     declaration(set));
}

std::string chain_text(const Chain& chain, Family family, Handles handles) {
  std::string text = fmt::format("\tchain {} {{{}\n", chain.name, handle_text(chain.handle, handles));
  text += comment_line(chain.comment, 2);
  if (chain.hook) text += hook_line(*chain.hook, family);
  for (const Rule& rule : chain.rules) {
    text += fmt::format("\t\t{}{}\n", to_string(rule, family), handle_text(rule.handle, handles));
  }
  return text + "\t}\n";
}

}  // namespace

std::string to_string(const TableName& table) { return fmt::format("{} {}", to_string(table.family), table.name); }
std::ostream& operator<<(std::ostream& out, const TableName& table) { return out << to_string(table); }
std::string to_string(const ChainName& chain) { return fmt::format("{} {}", to_string(chain.table), chain.name); }
std::ostream& operator<<(std::ostream& out, const ChainName& chain) { return out << to_string(chain); }
std::string to_string(const SetName& set) { return fmt::format("{} {}", to_string(set.table), set.name); }
std::ostream& operator<<(std::ostream& out, const SetName& set) { return out << to_string(set); }

Chain Chain::base(std::string name, ChainType type, Hook hook, int priority, Policy policy) {
  return Chain{.name = std::move(name),
               .hook = BaseChain{.type = type, .hook = hook, .priority = priority, .policy = policy}};
}

Chain Chain::regular(std::string name) { return Chain{.name = std::move(name)}; }

Chain& Chain::add(Rule rule) {
  rules.push_back(std::move(rule));
  return *this;
}

Chain& Table::add(Chain chain) {
  const auto found = std::ranges::find(chains, chain.name, &Chain::name);
  if (found == chains.end()) return chains.emplace_back(std::move(chain));
  if (chain.hook) found->hook = std::move(chain.hook);
  std::ranges::move(chain.rules, std::back_inserter(found->rules));
  return *found;
}

Set& Table::add(Set set) {
  const auto found = std::ranges::find(sets, set.name, &Set::name);
  if (found == sets.end()) return sets.emplace_back(std::move(set));
  std::ranges::move(set.elements, std::back_inserter(found->elements));
  return *found;
}

const Set* Table::find_set(std::string_view set) const {
  const auto found = std::ranges::find(sets, set, &Set::name);
  return found == sets.end() ? nullptr : &*found;
}

const Chain* Table::find(std::string_view chain) const {
  const auto found = std::ranges::find(chains, chain, &Chain::name);
  return found == chains.end() ? nullptr : &*found;
}

Table& Ruleset::add(Table table) {
  const auto found = std::ranges::find(tables, table.id(), &Table::id);
  if (found == tables.end()) return tables.emplace_back(std::move(table));
  for (Set& set : table.sets) found->add(std::move(set));
  for (Chain& chain : table.chains) found->add(std::move(chain));
  return *found;
}

Ruleset& Ruleset::add(const Ruleset& other) {
  for (const Table& table : other.tables) add(table);
  return *this;
}

const Table* Ruleset::find(const TableName& table) const {
  const auto found = std::ranges::find(tables, table, &Table::id);
  return found == tables.end() ? nullptr : &*found;
}

const Chain* Ruleset::find(const ChainName& chain) const {
  const Table* table = find(chain.table);
  return table == nullptr ? nullptr : table->find(chain.name);
}

const Set* Ruleset::find_set(const SetName& set) const {
  const Table* table = find(set.table);
  return table == nullptr ? nullptr : table->find_set(set.name);
}

const Rule* Ruleset::find_comment(std::string_view comment) const {
  for (const Table& table : tables) {
    for (const Chain& chain : table.chains) {
      const auto found = std::ranges::find(chain.rules, comment, &Rule::remark);
      if (found != chain.rules.end()) return &*found;
    }
  }
  return nullptr;
}

namespace {

std::string flags_text(const Table& table) {
  return fmt::format("{}{}{}", table.dormant ? "dormant" : "", table.dormant && table.owned ? "," : "",
                     table.owned ? "owner" : "");
}

}  // namespace

std::string to_string(const Table& table, Handles handles) {
  std::string text = fmt::format("table {} {{{}\n", to_string(table.id()), handle_text(table.handle, handles));
  if (const auto flags = flags_text(table); !flags.empty()) text += fmt::format("\tflags {}\n", flags);
  text += comment_line(table.comment, 1);
  bool blank = table.dormant || table.owned;
  for (const Set& set : table.sets) {
    if (std::exchange(blank, true)) text += '\n';
    text += set_text(set, handles);
  }
  for (const Chain& chain : table.chains) {
    if (std::exchange(blank, true)) text += '\n';
    text += chain_text(chain, table.family, handles);
  }
  return text + "}\n";
}

std::string to_string(const Ruleset& ruleset, Handles handles) {
  std::string text;
  for (const Table& table : ruleset.tables) text += to_string(table, handles);
  return text;
}

std::ostream& operator<<(std::ostream& out, const Ruleset& ruleset) { return out << to_string(ruleset); }
std::ostream& operator<<(std::ostream& out, const Table& table) { return out << to_string(table); }

}  // namespace netrig::nft
