#include <netrig/bench/networks.h>
#include <netrig/bench/paths.h>
#include <netrig/bench/rulesets.h>
#include <netrig/netlink/batch.h>
#include <netrig/netlink/link_kind.h>
#include <netrig/topology/offloads.h>

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace netrig::bench {

namespace {

using Prepare = std::function<void(const Lab&)>;

constexpr std::uint32_t kTunnelMtu = 1450;

// What a lab throws is an answer here: a benchmark that cannot run says why.
template <class Build>
Result<BuiltPath> as_result(Build build) {
  try {
    return build();
  } catch (const SetupError& error) {
    return fail(error.error());
  }
}

BuiltPath between(Lab lab, const std::string& client, const std::string& server,
                  AddressFamily family = AddressFamily::ipv4) {
  Node from = lab[client], to = lab[server];
  const auto destination = to.address(family);
  return {std::move(lab), std::move(from), std::move(to), destination};
}

TrafficPath plain(std::string name, Topology topology, std::string client, std::string server,
                  AddressFamily family = AddressFamily::ipv4, Prepare prepare = {}) {
  return {std::move(name), [=] {
            return as_result([&]() -> Result<BuiltPath> {
              auto lab = NETRIG_TRY(Lab::build(topology));
              if (prepare) prepare(lab);
              return between(std::move(lab), client, server, family);
            });
          }};
}

// BIG TCP: the most that a veth takes.
void let_packets_be_big(const Lab& lab) {
  for (const auto* side : {"left", "right"}) set_gso_max_size(lab[side], "eth0", ByteCount{524'280});
}

TrafficPath loopback() {
  return {"loopback", [] {
            return as_result([]() -> Result<BuiltPath> {
              Topology topology;
              topology.host("left");
              auto lab = NETRIG_TRY(Lab::build(topology));
              Node node = lab["left"];
              return BuiltPath{std::move(lab), node, node, Ipv4Address::loopback()};
            });
          }};
}

TrafficPath behind_rules(std::string name, std::string text) {
  return plain(std::move(name), routed(), "client", "server", AddressFamily::ipv4,
               [text = std::move(text)](const Lab& lab) { lab["router"].load_ruleset_text(text); });
}

TrafficPath forwarded() {
  return {"dnat", [] {
            return as_result([]() -> Result<BuiltPath> {
              auto lab = NETRIG_TRY(Lab::build(routed(Translation::destination)));
              auto path = between(std::move(lab), "client", "server");
              path.destination = path.lab["router"].address("router-client");
              path.port = kForwardedPort;
              return path;
            });
          }};
}

Result<void> need_kind(const Node& node, std::string_view kind) {
  const bool is_there =
      NETRIG_TRY(node.netlink([&](netlink::Socket& socket) { return netlink::supports(socket, kind); }));
  if (is_there) return {};
  return fail(Error::invalid(fmt::format("add link type {}", kind), node.name(),
                             fmt::format("this kernel has no {0} links [netrig doctor: link-{0}]", kind)));
}

InterfaceAddress address_of(std::string_view text) { return value_or_throw(InterfaceAddress::parse(text)); }

void add_tunnel(const Node& node, const IpAddress& local, const IpAddress& remote, std::string_view address) {
  node.add_link({.name = InterfaceName{"vx0"}, .mtu = kTunnelMtu},
                netlink::Vxlan{.vni = 42, .remote = remote, .local = local});
  node.add_address("vx0", address_of(address));
}

TrafficPath tunnelled() {
  return {"vxlan", [] {
            return as_result([]() -> Result<BuiltPath> {
              auto path = between(NETRIG_TRY(Lab::build(pair())), "left", "right");
              NETRIG_TRY(need_kind(path.client, "vxlan"));
              add_tunnel(path.client, path.client.address(), path.destination, "10.99.0.1/24");
              add_tunnel(path.server, path.destination, path.client.address(), "10.99.0.2/24");
              path.destination = path.server.address("vx0");
              return path;
            });
          }};
}

// Made in the machine that has the lower device, in the network of the one that uses it.
Result<void> add_macvlan(const Node& machine, const Node& user, std::string_view address) {
  NETRIG_TRY(machine.netlink([&](netlink::Socket& socket) {
    netlink::Batch batch{socket};
    batch.add_link({.name = InterfaceName{"mv0"}, .netns = user.network().fd()},
                   netlink::Macvlan{.lower = {.name = InterfaceName{"eth0"}}});
    return batch.send();
  }));
  user.set_link_up("mv0");
  user.add_address("mv0", address_of(address));
  return {};
}

TrafficPath on_one_device() {
  return {"macvlan", [] {
            return as_result([]() -> Result<BuiltPath> {
              Topology topology = pair();
              topology.host("client");
              topology.host("server");
              auto lab = NETRIG_TRY(Lab::build(topology));
              const auto machine = lab["left"];
              Node client = lab["client"], server = lab["server"];
              NETRIG_TRY(need_kind(machine, "macvlan"));
              NETRIG_TRY(add_macvlan(machine, client, "10.98.0.1/24"));
              NETRIG_TRY(add_macvlan(machine, server, "10.98.0.2/24"));
              const auto destination = server.address("mv0");
              return BuiltPath{std::move(lab), std::move(client), std::move(server), destination};
            });
          }};
}

std::vector<TrafficPath> all() {
  std::vector<TrafficPath> paths{loopback(), plain("veth", pair(), "left", "right"),
                                 plain("veth6", pair(), "left", "right", AddressFamily::ipv6),
                                 plain("veth:big", pair(), "left", "right", AddressFamily::ipv4, let_packets_be_big)};
  const auto numbered = [](std::string_view word, std::size_t count, std::size_t usual) {
    return count == usual ? std::string{word} : fmt::format("{}:{}", word, count);
  };
  for (const std::size_t ports : {2UL, 8UL, 32UL})
    paths.push_back(plain(numbered("bridge", ports, 2), switched(ports), "host1", "host2"));
  for (const std::size_t hops : {1UL, 2UL, 4UL})
    paths.push_back(plain(numbered("routed", hops, 1), chain(hops), "client", "server"));
  paths.push_back(plain("masquerade", routed(Translation::source), "client", "server"));
  paths.push_back(forwarded());
  for (const std::size_t count : {10UL, 100UL, 1000UL}) {
    paths.push_back(behind_rules(fmt::format("rules:{}", count), misses(count)));
    paths.push_back(behind_rules(fmt::format("set:{}", count), misses_as_set(count)));
  }
  paths.push_back(tunnelled());
  paths.push_back(on_one_device());
  return paths;
}

}  // namespace

traffic::RunOptions BuiltPath::towards() const {
  return {.destination = destination, .port = kServerPort, .destination_port = port};
}

std::span<const TrafficPath> paths() {
  static const auto known = all();
  return known;
}

const TrafficPath* find_path(std::string_view name) {
  const auto found = std::ranges::find(paths(), name, &TrafficPath::name);
  return found == paths().end() ? nullptr : &*found;
}

}  // namespace netrig::bench
