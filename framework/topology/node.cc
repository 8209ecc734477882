#include <netrig/base/scope_exit.h>
#include <netrig/base/teardown_failure.h>
#include <netrig/netns/sysctl.h>
#include <netrig/nft/conntrack.h>
#include <netrig/nft/list.h>
#include <netrig/topology/lab_state.h>
#include <netrig/topology/node.h>
#include <netrig/topology/node_coverage.h>
#include <netrig/topology/settle.h>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <tuple>
#include <utility>

namespace netrig {
inline namespace topology {

namespace {

// Those that decide whether, and how, packets go on.
constexpr std::string_view kShownSysctls[] = {
    "net.ipv4.ip_forward",           "net.ipv6.conf.all.forwarding",
    "net.ipv4.conf.all.rp_filter",   "net.ipv4.conf.default.rp_filter",
    "net.ipv4.icmp_echo_ignore_all", "net.ipv6.conf.all.disable_ipv6",
    "net.ipv6.icmp.echo_ignore_all",
};

// The same, with an error that names the node instead of the number of its namespace, or nothing.
template <class T>
Result<T> in_node(const Node& node, Result<T> result) {
  if (!result) result.error().object = node.name();
  return result;
}

// Until a new IPv6 address is answered for, which the kernel sees to only where there is a carrier. A master may keep
// its routes in a table of its own.
Result<void> await_answered(netlink::Socket& socket, const std::string& node, const netlink::Address& added) {
  if (added.local.address().is_v4()) return {};
  const auto link = NETRIG_TRY(netlink::get_link(socket, added.device));
  if (!link.carrier || link.master.index != 0) return {};
  return await_local_routes(socket, node, {added.local.address()});
}

// The kernel has no such setting, shows it to nobody, or the interface is gone. Any other error tells nothing.
bool is_missing(int error) { return error == ENOENT || error == EACCES || error == ENODEV; }

// Those settings of an interface that decide about forwarding, where they differ from those of all.
void add_own_settings(std::map<std::string, std::string>& settings, const netns::Sysctls& sysctls,
                      const InterfaceName& interface) {
  struct Own {
    AddressFamily family;
    std::string_view key;
    const char* all;  // empty: 0
  };
  for (const auto& [family, key, all] : {Own{AddressFamily::ipv4, "forwarding", "net.ipv4.ip_forward"},
                                         Own{AddressFamily::ipv4, "rp_filter", "net.ipv4.conf.all.rp_filter"},
                                         Own{AddressFamily::ipv6, "force_forwarding", ""}}) {
    auto name = netns::interface_sysctl(family, interface, key);
    auto value = sysctls.get(name);
    if (!value && !is_missing(value.error().code)) throw SetupError{std::move(value).error()};
    const auto general = settings.find(all);
    if (value && *value != (general == settings.end() ? "0" : general->second))
      settings.emplace(std::move(name), *std::move(value));
  }
}

std::string_view forwarding_of(AddressFamily family) {
  return family == AddressFamily::ipv4 ? "net.ipv4.ip_forward" : "net.ipv6.conf.all.forwarding";
}

netlink::Device device(std::string_view interface) { return {.name = value_or_throw(InterfaceName::parse(interface))}; }

}  // namespace

NodeState& Node::alive() const {
  if (!state_->ended) return *state_;
  throw SetupError{Error::invalid("use node", state_->plan.name,
                                  "its lab has ended: keep the Lab alive for as long as its nodes are used")};
}

const std::string& Node::name() const { return state_->plan.name; }
const PlannedNode& Node::plan() const { return state_->plan; }
const netns::NetNs& Node::network() const { return *held_network(); }

// The lab may end between a first look and the lock; it takes what is below away under the lock.

std::shared_ptr<const netns::NetNs> Node::held_network() const {
  const std::scoped_lock lock{state_->turn};
  return alive().network;
}

std::shared_ptr<LabPrograms> Node::programs() const {
  const std::scoped_lock lock{state_->turn};
  return alive().programs;
}

std::pair<std::unique_lock<std::mutex>, netlink::Socket*> Node::netlink_socket() const {
  std::unique_lock lock{state_->turn};
  auto& socket = *alive().socket;
  return {std::move(lock), &socket};
}

std::shared_ptr<nft::Frontend> Node::frontend() const {
  const std::scoped_lock lock{state_->turn};
  auto& state = alive();
  if (!state.frontend) {
    auto opened = value_or_throw(state.network->run([&] { return nft::Frontend::open(state.plan.name); }));
    state.frontend = std::make_shared<nft::Frontend>(std::move(opened));
  }
  return state.frontend;
}

std::shared_ptr<nft::NfSocket> Node::netfilter_socket() const {
  const std::scoped_lock lock{state_->turn};
  auto& state = alive();
  if (!state.netfilter) {
    auto socket = value_or_throw(state.network->run([&] { return nft::NfSocket::open(state.plan.name); }));
    state.netfilter = std::make_shared<nft::NfSocket>(std::move(socket));
  }
  return state.netfilter;
}

// ---- addresses

namespace {

// The kernel forgets IPv6 addresses of a link that is down, and they come back with it.
bool is_down(netlink::Socket& socket, const PlannedInterface& planned) {
  const auto link = netlink::get_link(socket, {.index = static_cast<std::uint32_t>(planned.index)});
  return link && !link->up();
}

std::optional<IpAddress> planned_address(netlink::Socket& socket, const std::vector<netlink::Address>& present,
                                         const PlannedInterface& planned, AddressFamily family) {
  for (const auto& own : planned.addresses) {
    if (own.family() != family) continue;
    const auto same = [&](const netlink::Address& seen) {
      return seen.local.address() == own.address() && seen.device.index == static_cast<std::uint32_t>(planned.index);
    };
    if (std::ranges::any_of(present, same) || is_down(socket, planned)) return own.address();
  }
  return std::nullopt;
}

bool is_global(const netlink::Address& address) {
  return !address.local.address().is_loopback() && !address.local.address().is_link_local();
}

}  // namespace

// On one interface, which is planned or has that name; or anywhere.
std::optional<IpAddress> Node::find_address(AddressFamily family, const PlannedInterface* planned,
                                            std::string_view device) const {
  return netlink([&](netlink::Socket& socket) -> std::optional<IpAddress> {
    const auto present = value_or_throw(netlink::dump_addresses(socket, {.device = {}, .family = family}));
    const bool anywhere = planned == nullptr && device.empty();
    for (const auto& interface : plan().interfaces) {
      if (!anywhere && &interface != planned) continue;
      if (const auto found = planned_address(socket, present, interface, family)) return found;
    }
    for (const auto& seen : present) {
      const auto name = planned != nullptr ? planned->name.view() : device;
      if (is_global(seen) && (anywhere || seen.device.name.view() == name)) return seen.local.address();
    }
    return std::nullopt;
  });
}

bool Node::has_address(AddressFamily family) const { return find_address(family, nullptr, {}).has_value(); }

IpAddress Node::address(AddressFamily family) const {
  if (const auto found = find_address(family, nullptr, {})) return *found;
  throw SetupError{Error::invalid(fmt::format("take the {} address", to_string(family)), name(), "it has none")};
}

IpAddress Node::address(std::string_view interface_or_segment, AddressFamily family) const {
  const auto what = fmt::format("take the {} address on {}", to_string(family), interface_or_segment);
  const auto* interface = plan().on(interface_or_segment);
  if (const auto found = find_address(family, interface, interface_or_segment)) return *found;
  const auto name_given = InterfaceName::parse(interface_or_segment);
  const bool known = interface != nullptr || (name_given && netlink([&](netlink::Socket& socket) {
                                                return netlink::get_link(socket, {.name = *name_given}).has_value();
                                              }));
  throw SetupError{
      Error::invalid(what, name(), known ? "there is none" : "it has no such interface and is on no such segment")};
}

// ---- changes

void Node::set_link_up(std::string_view interface) const {
  const auto link = device(interface);
  netlink([&](netlink::Socket& socket) {
    const bool was_up = value_or_throw(netlink::get_link(socket, link)).up();
    auto done = netlink::Batch{socket}.change_link({.device = link, .up = true}).settle_link(link).send();
    // As it was: the link may be up, and only the question about it have failed.
    if (!done && !was_up) {
      std::ignore = netlink::Batch{socket}.change_link({.device = link, .up = false}).send();
    }
    require(std::move(done));
  });
}

void Node::set_link_down(std::string_view interface) const {
  netlink([&](netlink::Socket& socket) {
    require(netlink::Batch{socket}.change_link({.device = device(interface), .up = false}).send());
  });
}

void Node::add_link(const netlink::LinkSpec& link, const netlink::LinkKind& kind) const {
  auto spec = link;
  spec.up = true;
  netlink([&](netlink::Socket& socket) { require(netlink::Batch{socket}.add_link(spec, kind).send()); });
}

void Node::remove_link(std::string_view interface) const {
  netlink([&](netlink::Socket& socket) { require(netlink::Batch{socket}.remove_link(device(interface)).send()); });
}

void Node::add_address(std::string_view interface, const InterfaceAddress& address) const {
  netlink::Address request{.device = device(interface), .local = address};
  request.no_dad = address.address().family() == AddressFamily::ipv6;
  netlink([&](netlink::Socket& socket) {
    require(netlink::Batch{socket}.add(request).send());
    auto usable = await_answered(socket, name(), request);
    if (!usable) std::ignore = netlink::Batch{socket}.remove(request).send();
    require(std::move(usable));
  });
}

void Node::remove_address(std::string_view interface, const InterfaceAddress& address) const {
  const netlink::Address request{.device = device(interface), .local = address};
  netlink([&](netlink::Socket& socket) { require(netlink::Batch{socket}.remove(request).send()); });
}

void Node::add_route(const netlink::Route& route) const {
  netlink([&](netlink::Socket& socket) { require(netlink::Batch{socket}.add(route).send()); });
}

void Node::remove_route(const netlink::Route& route) const {
  netlink([&](netlink::Socket& socket) { require(netlink::Batch{socket}.remove(route).send()); });
}

void Node::add_rule(const netlink::Rule& rule) const {
  netlink([&](netlink::Socket& socket) { require(netlink::Batch{socket}.add(rule).send()); });
}

void Node::remove_rule(const netlink::Rule& rule) const {
  netlink([&](netlink::Socket& socket) { require(netlink::Batch{socket}.remove(rule).send()); });
}

void Node::add_neighbour(const netlink::Neighbour& neighbour) const {
  netlink([&](netlink::Socket& socket) { require(netlink::Batch{socket}.replace(neighbour).send()); });
}

void Node::set_forwarding(AddressFamily family, bool on) const { set_sysctl(forwarding_of(family), on ? "1" : "0"); }

void Node::set_forwarding(bool on) const {
  // IPv6 first: it is the one that may be missing.
  const bool before = sysctl(forwarding_of(AddressFamily::ipv6)) != "0";
  set_forwarding(AddressFamily::ipv6, on);
  ScopeExit undo{[&] {
    try {
      set_forwarding(AddressFamily::ipv6, before);
    } catch (const std::exception& error) {
      report_teardown_failure(error.what());
    }
  }};
  set_forwarding(AddressFamily::ipv4, on);
  undo.dismiss();
}

void Node::set_sysctl(std::string_view name, std::string_view value) const {
  const auto network = held_network();
  require(in_node(*this, netns::Sysctls{*network}.set(name, value)));
}

std::string Node::sysctl(std::string_view name) const {
  const auto network = held_network();
  return value_or_throw(in_node(*this, netns::Sysctls{*network}.get(name)));
}

// ---- programs

process::Completed Node::exec(const process::Command& command, std::chrono::milliseconds timeout) const {
  auto done = value_or_throw(programs()->run(*state_, command, Deadline::after(timeout)));
  NodeCoverage::catch_up(*this);  // it may have changed the rules
  return done;
}

process::Process Node::start(const process::Command& command) const {
  return value_or_throw(programs()->start(*state_, command));
}

process::Process Node::start(const process::Command& command, const process::Readiness& ready,
                             std::chrono::milliseconds timeout) const {
  return value_or_throw(programs()->start(*state_, command, ready, Deadline::after(timeout)));
}

// ---- probes

traffic::PingReport Node::ping(const traffic::PingSpec& spec) const {
  auto pinger = value_or_throw(in_node(*this, run([&] { return traffic::Pinger::open(spec); })));
  return value_or_throw(in_node(*this, pinger.run(Deadline::never())));
}

traffic::PingReport Node::ping(const IpAddress& to) const { return ping(traffic::PingSpec{.destination = to}); }
traffic::PingReport Node::ping(const Node& to, AddressFamily family) const { return ping(to.address(family)); }

traffic::ProbeOutcome Node::probe(const traffic::ProbeSpec& spec, std::chrono::milliseconds timeout) const {
  auto probe = value_or_throw(in_node(*this, run([&] { return traffic::Probe::open(spec); })));
  return probe.run(Deadline::after(timeout));
}

traffic::ProbeOutcome Node::probe(const IpAddress& to, const traffic::Service& service,
                                  std::chrono::milliseconds timeout) const {
  return probe(traffic::ProbeSpec{.service = service, .destination = to}, timeout);
}

traffic::Listener Node::listen(const traffic::Service& service) const {
  auto listener = value_or_throw(in_node(*this, run([&] { return traffic::Listener::open(service); })));
  const std::scoped_lock lock{state_->turn};
  auto& known = alive().listeners;
  std::erase_if(known, [](const auto& each) { return each.expired(); });
  known.push_back(listener.watch());
  return listener;
}

std::vector<Node> Node::lab_nodes() const {
  const std::scoped_lock lock{state_->turn};
  std::vector<Node> nodes;
  for (const auto& state : alive().lab->nodes) nodes.emplace_back(state);
  return nodes;
}

process::Readiness listening(const traffic::Service& service) {
  if (!service.port())
    throw SetupError{Error::invalid("wait for a listener", service.to_string(), "only tcp and udp have listeners")};
  return process::listening(service.is_tcp() ? process::Transport::tcp : process::Transport::udp, *service.port());
}

// ---- snapshots

Snapshot Node::snapshot() const {
  Snapshot seen;
  seen.node = name();
  netlink([&](netlink::Socket& socket) {
    seen.links = value_or_throw(netlink::dump_links(socket));
    seen.addresses = value_or_throw(netlink::dump_addresses(socket));
    seen.routes = value_or_throw(netlink::dump_routes(socket));
    seen.policy_rules = value_or_throw(netlink::dump_rules(socket));
    seen.neighbours = value_or_throw(netlink::dump_neighbours(socket));
    seen.fdb = value_or_throw(netlink::dump_fdb(socket));
    seen.mdb = value_or_throw(netlink::dump_mdb(socket));
  });
  const bool tracks = run([&] {
    const auto sysctls = netns::Sysctls::here();
    for (const auto shown : kShownSysctls) {
      auto value = in_node(*this, sysctls.get(shown));
      if (value) {
        seen.sysctls.emplace(shown, *std::move(value));
      } else if (value.error().code != ENOENT) {
        throw SetupError{std::move(value).error()};
      }
    }
    for (const auto& link : seen.links) {
      if (link.name.view() != "lo") add_own_settings(seen.sysctls, sysctls, link.name);
    }
    return sysctls.get("net.netfilter.nf_conntrack_count").value_or("unknown") != "0";
  });
  netfilter([&](nft::NfSocket& socket) {
    seen.ruleset = value_or_throw(nft::list(socket));
    // The kernel goes through the connections of every namespace to find this one's: 15 ms, well spent if there are
    // any.
    if (tracks) seen.connections = value_or_throw(nft::list_conntrack(socket));
  });
  return seen;
}

}  // namespace topology
}  // namespace netrig
