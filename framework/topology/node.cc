#include <netrig/netns/sysctl.h>
#include <netrig/nft/conntrack.h>
#include <netrig/nft/list.h>
#include <netrig/topology/lab_state.h>
#include <netrig/topology/node.h>

#include <fmt/format.h>

#include <utility>

namespace netrig {
inline namespace topology {

namespace {

// Those that decide whether, and how, packets go on.
constexpr std::string_view kShownSysctls[] = {
    "net.ipv4.ip_forward",           "net.ipv6.conf.all.forwarding",
    "net.ipv4.conf.all.rp_filter",   "net.ipv4.conf.default.rp_filter",
    "net.ipv4.icmp_echo_ignore_all", "net.ipv6.conf.all.disable_ipv6",
};

netlink::Device device(std::string_view interface) { return {.name = value_or_throw(InterfaceName::parse(interface))}; }

}  // namespace

NodeState& Node::alive() const {
  if (!state_->ended) return *state_;
  throw SetupError{Error::invalid("use node", state_->plan.name,
                                  "its lab has ended: keep the Lab alive for as long as its nodes are used")};
}

const std::string& Node::name() const { return state_->plan.name; }
const PlannedNode& Node::plan() const { return state_->plan; }
const netns::NetNs& Node::network() const { return *alive().network; }

std::pair<std::unique_lock<std::mutex>, netlink::Socket*> Node::netlink_socket() const {
  auto& state = alive();
  std::unique_lock lock{state.turn};
  return {std::move(lock), &*state.socket};
}

nft::NfSocket& Node::netfilter_socket() const {
  auto& state = alive();
  const std::scoped_lock lock{state.turn};
  if (!state.netfilter) {
    state.netfilter.emplace(value_or_throw(state.network->run([&] { return nft::NfSocket::open(state.plan.name); })));
  }
  return *state.netfilter;
}

// ---- addresses

bool Node::has_address(AddressFamily family) const { return plan().address(family).has_value(); }

IpAddress Node::address(AddressFamily family) const {
  if (const auto found = plan().address(family)) return *found;
  throw SetupError{
      Error::invalid(fmt::format("take the {} address", to_string(family)), name(), "the topology gives it none")};
}

IpAddress Node::address(std::string_view interface_or_segment, AddressFamily family) const {
  const auto what = fmt::format("take the {} address on {}", to_string(family), interface_or_segment);
  const auto* interface = plan().on(interface_or_segment);
  if (interface == nullptr)
    throw SetupError{Error::invalid(what, name(), "it has no such interface and is on no such segment")};
  for (const auto& own : interface->addresses) {
    if (own.address().family() == family) return own.address();
  }
  throw SetupError{Error::invalid(what, name(), "the topology gives it none")};
}

// ---- changes

void Node::set_link_up(std::string_view interface) const {
  netlink([&](netlink::Socket& socket) {
    require(netlink::Batch{socket}
                .change_link({.device = device(interface), .up = true})
                .settle_link(device(interface))
                .send());
  });
}

void Node::set_link_down(std::string_view interface) const {
  netlink([&](netlink::Socket& socket) {
    require(netlink::Batch{socket}.change_link({.device = device(interface), .up = false}).send());
  });
}

void Node::add_link(const netlink::LinkSpec& link, const netlink::LinkKind& kind) const {
  netlink([&](netlink::Socket& socket) { require(netlink::Batch{socket}.add_link(link, kind).send()); });
}

void Node::remove_link(std::string_view interface) const {
  netlink([&](netlink::Socket& socket) { require(netlink::Batch{socket}.remove_link(device(interface)).send()); });
}

void Node::add_address(std::string_view interface, const InterfaceAddress& address) const {
  netlink::Address request{.device = device(interface), .local = address};
  request.no_dad = address.address().family() == AddressFamily::ipv6;
  netlink([&](netlink::Socket& socket) { require(netlink::Batch{socket}.add(request).send()); });
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

void Node::set_forwarding(AddressFamily family, bool on) const {
  set_sysctl(family == AddressFamily::ipv4 ? "net.ipv4.ip_forward" : "net.ipv6.conf.all.forwarding", on ? "1" : "0");
}

void Node::set_forwarding(bool on) const {
  set_forwarding(AddressFamily::ipv4, on);
  set_forwarding(AddressFamily::ipv6, on);
}

void Node::set_sysctl(std::string_view name, std::string_view value) const {
  require(netns::Sysctls{network()}.set(name, value));
}

std::string Node::sysctl(std::string_view name) const { return value_or_throw(netns::Sysctls{network()}.get(name)); }

void Node::add_rules(const nft::Ruleset& ruleset) const { require(nft::apply(netfilter_socket(), ruleset)); }
void Node::change_rules(const nft::Transaction& transaction) const {
  require(nft::apply(netfilter_socket(), transaction));
}
nft::Ruleset Node::rules() const { return value_or_throw(nft::list(netfilter_socket())); }

// ---- programs

process::Completed Node::exec(const process::Command& command, std::chrono::milliseconds timeout) const {
  return value_or_throw(alive().lab->programs->run(*state_, command, Deadline::after(timeout)));
}

process::Process Node::start(const process::Command& command) const {
  return value_or_throw(alive().lab->programs->start(*state_, command));
}

process::Process Node::start(const process::Command& command, const process::Readiness& ready,
                             std::chrono::milliseconds timeout) const {
  return value_or_throw(alive().lab->programs->start(*state_, command, ready, Deadline::after(timeout)));
}

// ---- probes

traffic::PingReport Node::ping(const traffic::PingSpec& spec) const {
  auto pinger = value_or_throw(run([&] { return traffic::Pinger::open(spec); }));
  return value_or_throw(pinger.run(Deadline::never()));
}

traffic::PingReport Node::ping(const IpAddress& to) const { return ping(traffic::PingSpec{.destination = to}); }
traffic::PingReport Node::ping(const Node& to, AddressFamily family) const { return ping(to.address(family)); }

traffic::ProbeOutcome Node::probe(const traffic::ProbeSpec& spec, std::chrono::milliseconds timeout) const {
  auto probe = value_or_throw(run([&] { return traffic::Probe::open(spec); }));
  return probe.run(Deadline::after(timeout));
}

traffic::ProbeOutcome Node::probe(const IpAddress& to, const traffic::Service& service,
                                  std::chrono::milliseconds timeout) const {
  return probe(traffic::ProbeSpec{.service = service, .destination = to}, timeout);
}

traffic::Listener Node::listen(const traffic::Service& service) const {
  return value_or_throw(run([&] { return traffic::Listener::open(service); }));
}

std::vector<Node> Node::lab_nodes() const {
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
  });
  const bool tracks = run([&] {
    const auto sysctls = netns::Sysctls::here();
    for (const auto shown : kShownSysctls) {
      if (auto value = sysctls.get(shown)) seen.sysctls.emplace(shown, *std::move(value));
    }
    return sysctls.get("net.netfilter.nf_conntrack_count") != "0";
  });
  netfilter([&](nft::NfSocket& socket) {
    seen.ruleset = value_or_throw(nft::list(socket));
    // The kernel goes through the connections of every namespace to find this one's: 15 ms, well spent if there are any.
    if (tracks) seen.connections = value_or_throw(nft::list_conntrack(socket));
  });
  return seen;
}

}  // namespace topology
}  // namespace netrig
