// The network in full: every interface with its name, index, MAC, addresses and routes. A pure function of the
// topology, so the same description gives the same network on every host and in every run.
//
//   Plan plan = value_or_throw(make_plan(office));
//   plan.find("pc")->interfaces[0].addresses;      // 10.1.0.2/24 fd01::2/64
#pragma once

#include <netrig/base/result.h>
#include <netrig/net/interface_name.h>
#include <netrig/topology/topology.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace netrig {
inline namespace topology {

/// The first interface index of a lab. Below it is room for lo and for the fallback tunnels (tunl0, sit0, ...) that
/// some kernels put into every new namespace. Indexes are unique in a whole lab, not only in a namespace: then the two
/// ends of a veth pair never share one, which the kernel takes for "not stacked" and may report a carrier change up to
/// 1 s late (linkwatch_urgent_event in net/core/link_watch.c).
inline constexpr int kFirstInterfaceIndex = 11;

/// The smallest MTU, in bytes, with which a device has IPv6 (RFC 8200 section 5).
inline constexpr std::uint32_t kLeastIpv6Mtu = 1280;

/// One end of a veth pair, or a bridge.
struct PlannedInterface {
  InterfaceName name;
  int index = 0;
  MacAddress mac;  ///< locally administered, from the index: 02:6e:00:00:00:0b
  std::uint32_t mtu = 1500;
  bool is_bridge = false;
  bool stp = false;                   ///< of a bridge
  std::optional<std::size_t> master;  ///< of a bridge port: the bridge, by position in the node's interfaces
  std::size_t peer_node = 0;          ///< of a veth: position in Plan::nodes
  std::size_t peer_interface = 0;     ///< of a veth: position in that node's interfaces
  std::vector<InterfaceAddress> addresses;
  std::string segment;  ///< the segment or trunk it belongs to
  std::uint32_t metric = 0;

  friend bool operator==(const PlannedInterface&, const PlannedInterface&) = default;
};

struct PlannedRoute {
  IpPrefix destination;
  std::optional<IpAddress> gateway;
  std::size_t interface = 0;  ///< position in the node's interfaces
  std::uint32_t metric = 0;

  friend bool operator==(const PlannedRoute&, const PlannedRoute&) = default;
};

struct PlannedMasquerade {
  InterfaceName out;
  std::optional<IpPrefix> source;

  friend bool operator==(const PlannedMasquerade&, const PlannedMasquerade&) = default;
};

struct PlannedPortForward {
  InterfaceName in;
  traffic::Service service;
  IpAddress to;
  Port to_port{1};

  friend bool operator==(const PlannedPortForward&, const PlannedPortForward&) = default;
};

/// One namespace: a node of the topology, or the switch that holds a segment's bridge.
struct PlannedNode {
  std::string name;
  bool is_switch = false;
  bool forwards = false;
  std::vector<PlannedInterface> interfaces;  ///< in the order of creation; bridges before their ports
  std::vector<PlannedRoute> routes;
  std::vector<PlannedMasquerade> masquerades;
  std::vector<PlannedPortForward> port_forwards;
  std::map<std::string, std::string> sysctls;

  [[nodiscard]] const PlannedInterface* find(std::string_view interface) const;
  /// The interface on `segment`, or the one of that name; nullptr when there is none.
  [[nodiscard]] const PlannedInterface* on(std::string_view segment_or_interface) const;
  /// The first address of `family` in the order of interfaces.
  [[nodiscard]] std::optional<IpAddress> address(AddressFamily family) const;

  friend bool operator==(const PlannedNode&, const PlannedNode&) = default;
};

struct Plan {
  std::vector<PlannedNode> nodes;  ///< the topology's nodes in their order, then the switches

  [[nodiscard]] const PlannedNode* find(std::string_view name) const;
  /// The lines of an /etc/hosts that names every node by every address (hosts(5)).
  [[nodiscard]] std::string hosts_file() const;

  friend bool operator==(const Plan&, const Plan&) = default;
};

/// Works the topology out. Its error is the first that validate() would tell, with the number of the others.
Result<Plan> make_plan(const Topology& topology);

/// Everything that keeps the topology from being built; empty when nothing does. Each error names the object and the
/// remedy.
std::vector<Error> validate(const Topology& topology);

}  // namespace topology
}  // namespace netrig
