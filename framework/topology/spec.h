// What a network should be, as plain values: nodes, and the segments that join them.
// `Topology` (topology.h) is the fluent way to fill them in; `make_plan()` (plan.h) is what becomes of them.
#pragma once

#include <netrig/net/interface_address.h>
#include <netrig/net/ip_address.h>
#include <netrig/net/ip_prefix.h>
#include <netrig/net/mac_address.h>
#include <netrig/net/port.h>
#include <netrig/traffic/service.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace netrig {
inline namespace topology {

/// A host keeps what is not for it; a router forwards (IPv4 and IPv6).
enum class NodeKind : std::uint8_t { host, router };

/// A static route, as `ip route add DESTINATION via GATEWAY dev DEVICE metric METRIC`.
struct RouteSpec {
  IpPrefix destination;              ///< 0.0.0.0/0 and ::/0 are the default routes
  std::optional<IpAddress> gateway;  ///< none: on-link, and `device` is needed
  std::string device;                ///< interface name; empty: the one whose prefix holds the gateway
  std::uint32_t metric = 0;          ///< 0: the kernel's own default

  friend bool operator==(const RouteSpec&, const RouteSpec&) = default;
};

/// Source NAT to the address of the interface that a packet leaves by.
struct MasqueradeSpec {
  std::string out;                 ///< interface name, or name of the segment that the interface is on
  std::optional<IpPrefix> source;  ///< only what comes from here; none: everything

  friend bool operator==(const MasqueradeSpec&, const MasqueradeSpec&) = default;
};

/// Destination NAT of one port: what arrives at `in` for `port` goes to `to`:`to_port`.
struct PortForwardSpec {
  std::string in;            ///< interface name, or name of the segment that the interface is on
  traffic::Service service;  ///< tcp or udp, with the port as seen from outside
  std::string to;            ///< a node's name: its addresses of both families are published
  Port to_port{1};

  friend bool operator==(const PortForwardSpec&, const PortForwardSpec&) = default;
};

/// One machine: a network namespace of its own.
struct NodeSpec {
  std::string name;  ///< a host name: letters, digits and hyphens, 63 at most (RFC 1123)
  NodeKind kind = NodeKind::host;
  std::vector<RouteSpec> routes;
  /// Whether routes that follow from the segments are added: a host's default routes, a router's shortest paths.
  bool automatic_routes = true;
  std::vector<MasqueradeSpec> masquerades;
  std::vector<PortForwardSpec> port_forwards;
  std::map<std::string, std::string> sysctls;  ///< by dotted name, written after the baseline: `net.ipv4.tcp_ecn` = `1`

  friend bool operator==(const NodeSpec&, const NodeSpec&) = default;
};

/// One node's interface on a segment.
struct AttachmentSpec {
  std::string node;
  std::string interface;                    ///< empty: eth0, eth1, ... in the order of joining
  std::vector<InterfaceAddress> addresses;  ///< empty: the next free host number of each of the segment's prefixes
  bool addressed = true;                    ///< false: no address at all
  std::optional<MacAddress> mac;            ///< none: follows from the interface's index
  std::uint32_t metric = 0;                 ///< of the routes through this interface; 0: the segment's

  friend bool operator==(const AttachmentSpec&, const AttachmentSpec&) = default;
};

/// How two ends or more become one link: a veth pair for exactly two, a bridge otherwise or on request.
struct SegmentSpec {
  std::string name;
  std::vector<IpPrefix> prefixes;  ///< empty: one of each family is taken from a pool, if `addressed`
  bool addressed = true;           ///< false: no addresses but those that members say
  std::vector<AttachmentSpec> members;
  std::optional<std::uint32_t> mtu;  ///< of every interface on it
  std::uint32_t metric = 0;          ///< of the routes through it, where a member says none; 0: the default
  bool bridged = false;              ///< a bridge even for two members
  bool stp = false;                  ///< run the spanning tree protocol (IEEE 802.1D) on the bridge
  std::string bridge_node;  ///< the node that holds the bridge and has an address on it; empty: a switch of its own
  std::string bridge_interface = "br0";
  std::vector<InterfaceAddress> bridge_addresses;  ///< of a bridge held by a node; empty: the first host numbers
  bool bridge_addressed = true;                    ///< false: a bridge held by a node has no address

  friend bool operator==(const SegmentSpec&, const SegmentSpec&) = default;
};

/// A cable between the bridges of two segments: they become one broadcast domain.
struct TrunkSpec {
  std::string a, b;  ///< names of segments

  friend bool operator==(const TrunkSpec&, const TrunkSpec&) = default;
};

}  // namespace topology
}  // namespace netrig
