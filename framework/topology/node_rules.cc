// Rulesets of a node: as values by netlink, as text by libnftables.
#include <netrig/nft/interfaces.h>
#include <netrig/nft/list.h>
#include <netrig/topology/lab_state.h>
#include <netrig/topology/node.h>
#include <netrig/topology/node_coverage.h>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <set>
#include <sstream>
#include <utility>

namespace netrig {
inline namespace topology {

namespace {

using Names = std::set<std::string, std::less<>>;

std::string unknown_interface(const std::string& name, const Names& known, const std::string& node) {
  return fmt::format(
      "names the interface \"{}\", which \"{}\" does not have (it has {}); allow it by "
      "RulesetOptions::may_be_missing where it comes later",
      name, node, fmt::join(known, ", "));
}

// An error for the first interface that the rules behind `socket` name and that is none of `known`.
Result<void> refuse_unknown_interfaces(nft::NfSocket& socket, const Names& known, const std::string& node) {
  for (const auto& named : NETRIG_TRY(nft::named_interfaces(socket))) {
    if (known.contains(named.name)) continue;
    return fail(Error::invalid("load ruleset", node, named.where + " " + unknown_interface(named.name, known, node)));
  }
  return {};
}

Names interface_names(const Node& node, const std::vector<std::string>& more) {
  Names names{more.begin(), more.end()};
  node.netlink([&](netlink::Socket& socket) {
    for (const auto& link : value_or_throw(netlink::dump_links(socket))) names.insert(link.name.to_string());
  });
  return names;
}

void refuse_unknown_interfaces(const nft::Transaction& transaction, const Node& node, const RulesetOptions& options) {
  if (!options.interfaces_must_exist) return;
  const auto named = nft::named_interfaces(transaction);
  if (named.empty()) return;
  const auto known = interface_names(node, options.may_be_missing);
  const auto unknown = std::ranges::find_if(named, [&](const auto& each) { return !known.contains(each.name); });
  if (unknown == named.end()) return;
  throw SetupError{Error::invalid(unknown->where, node.name(), unknown_interface(unknown->name, known, node.name()))};
}

// A file that cannot be read names none: the tool says so better.
Result<void> refuse_unknown_interfaces(const std::filesystem::path& iptables, const std::string& operation,
                                       const Node& node, const RulesetOptions& options) {
  if (!options.interfaces_must_exist) return {};
  std::ostringstream text;
  text << std::ifstream{iptables}.rdbuf();
  const auto known = interface_names(node, options.may_be_missing);
  for (const auto& [interface, line] : nft::named_interfaces_of_iptables(text.view())) {
    if (known.contains(interface)) continue;
    return fail(Error::invalid(operation, node.name(), line + " " + unknown_interface(interface, known, node.name())));
  }
  return {};
}

// Devices of these names, to be named in rules. A new network has some already: `lo`, and where the host has loaded the
// modules of tunnels one of each, `sit0`, `tunl0` (net.core.fb_tunnels_only_for_init_net).
Result<void> make_interfaces(netlink::Socket& socket, const Names& names) {
  Names present;
  for (const auto& link : NETRIG_TRY(netlink::dump_links(socket))) present.insert(link.name.to_string());
  netlink::Batch links{socket};
  int number = 0;
  for (const auto& name : names) {
    if (present.contains(name)) continue;
    std::string peer;
    do peer = fmt::format("peer{}", number++);
    while (names.contains(peer) || present.contains(peer));
    links.add_link({.name = NETRIG_TRY(InterfaceName::parse(name))},
                   netlink::Veth{.peer = {.name = NETRIG_TRY(InterfaceName::parse(peer))}});
  }
  return links.send();
}

nft::Transaction remove_tables(const nft::Ruleset& ruleset) {
  nft::Transaction removal;
  for (const auto& table : ruleset.tables) removal.remove(table.id());
  return removal;
}

}  // namespace

void Node::load_ruleset(const std::filesystem::path& file, const RulesetOptions& options) const {
  require(load_checked([&](nft::Frontend& frontend) { return frontend.load_file(file, options.read); }, options));
}

void Node::load_ruleset_text(std::string_view text, const RulesetOptions& options) const {
  require(load_checked([&](nft::Frontend& frontend) { return frontend.load_text(text, options.read); }, options));
}

// Which interfaces a file names is known once it is loaded. Where there were no rules before, that is undone without a
// trace; else the file is first loaded into a namespace that resembles this one.
Result<void> Node::load_checked(const Load& load, const RulesetOptions& options) const {
  const std::scoped_lock one_at_a_time{state_->loading};
  const RulesChange change{*this};
  const auto socket = netfilter_socket();
  const bool had_rules = options.interfaces_must_exist && !rules().tables.empty();
  if (had_rules) NETRIG_TRY(rehearse(load, options));
  const bool check_after = options.interfaces_must_exist && !had_rules;
  const auto known = check_after ? interface_names(*this, options.may_be_missing) : Names{};
  const auto nft = frontend();
  NETRIG_TRY(run([&] { return load(*nft); }));
  if (!check_after) return {};
  auto checked = refuse_unknown_interfaces(*socket, known, name());
  if (!checked) NETRIG_TRY(nft::apply(*socket, remove_tables(rules())));
  return checked;
}

// Loads into a namespace of the same rules and interfaces. Rules that nft lists but cannot load, as those of iptables'
// extensions, are left out; then what needs them does not load there either, and the interfaces are not known.
Result<void> Node::rehearse(const Load& load, const RulesetOptions& options) const {
  const auto nft = frontend();
  const auto present = NETRIG_TRY(run([&] { return nft->list(); }));
  const auto interfaces = interface_names(*this, {});
  const auto stage = NETRIG_TRY(netns::NetNs::create());
  return stage.run([&]() -> Result<void> {
    auto netlink = NETRIG_TRY(netlink::Socket::open(name()));
    NETRIG_TRY(make_interfaces(netlink, interfaces));
    auto rehearsal = NETRIG_TRY(nft::Frontend::open(name()));
    const bool complete = rehearsal.load_text(present).has_value();
    if (auto loaded = load(rehearsal); !loaded) return complete ? loaded : Result<void>{};
    auto known = interfaces;
    known.insert(options.may_be_missing.begin(), options.may_be_missing.end());
    auto socket = NETRIG_TRY(nft::NfSocket::open(name()));
    return refuse_unknown_interfaces(socket, known, name());
  });
}

// The tool loads table by table; so it is tried in a namespace of its own first. What a file replaces does not matter.
void Node::load_iptables(AddressFamily family, const std::filesystem::path& file, const RulesetOptions& options) const {
  const std::scoped_lock one_at_a_time{state_->loading};
  const RulesChange change{*this};
  const std::string tool = family == AddressFamily::ipv4 ? "iptables-restore" : "ip6tables-restore";
  const auto operation = fmt::format("{} {}", tool, file.string());
  require(refuse_unknown_interfaces(file, operation, *this, options));
  const process::Command load{tool, file.string()}, rehearsal{"unshare", "--net", tool, file.string()};
  for (const auto& command : {rehearsal, load}) {
    const auto done = exec(command);
    if (done.success()) continue;
    auto complaint = done.err;
    while (complaint.ends_with('\n')) complaint.pop_back();
    throw SetupError{Error::invalid(operation, name(), complaint)};
  }
}

std::string Node::ruleset_text(nft::Handles handles) const {
  const auto nft = frontend();
  return value_or_throw(run([&] { return nft->list(handles); }));
}

nft::Listing Node::ruleset() const { return nft::Listing::parse(ruleset_text(nft::Handles::show)); }

void Node::save_ruleset(const std::filesystem::path& file) const {
  const auto text = ruleset_text();
  std::ofstream out{file};
  out << "flush ruleset\n\n" << text << std::flush;
  if (!out) throw SetupError{Error::from_errno("save ruleset to " + file.string(), name(), errno)};
}

void Node::reset_counters() const {
  const auto socket = netfilter_socket();
  for (const auto& table : rules().tables) require(nft::reset_counters(*socket, table.id()));
  const auto nft = frontend();
  value_or_throw(run([&] { return nft->run("reset counters\nreset quotas"); }));
}

void Node::flush_rules() const { change_rules(remove_tables(rules())); }

void Node::add_rules(const nft::Ruleset& ruleset, const RulesetOptions& options) const {
  change_rules(nft::Transaction{}.add(ruleset), options);
}
void Node::change_rules(const nft::Transaction& transaction, const RulesetOptions& options) const {
  const std::scoped_lock one_at_a_time{state_->loading};
  refuse_unknown_interfaces(transaction, *this, options);
  const RulesChange change{*this};
  require(nft::apply(*netfilter_socket(), transaction));
}
void Node::add_elements(const nft::SetName& set, const std::vector<nft::SetElement>& elements,
                        const RulesetOptions& options) const {
  change_rules(nft::Transaction{}.add_elements(set, elements), options);
}
void Node::remove_elements(const nft::SetName& set, const std::vector<nft::SetElement>& elements) const {
  change_rules(nft::Transaction{}.remove_elements(set, elements));
}
nft::Ruleset Node::rules() const { return value_or_throw(nft::list(*netfilter_socket())); }

}  // namespace topology
}  // namespace netrig
