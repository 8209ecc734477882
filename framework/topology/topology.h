// A description of a network. It is a value: copy it, compare it, keep it; a Lab (lab.h) builds it.
//
//   Topology office;
//   auto pc = office.host("pc"), server = office.host("server");
//   auto gw = office.router("gw");
//   office.segment("lan", "10.1.0.0/24, fd01::/64").join(gw, pc);     // a veth pair: two members
//   office.link(gw, server).metric(200);                              // addresses from a pool
//   gw.masquerade("gw-server").forward_port("gw-server", tcp(8080), pc, Port{80});
//
// Names, addresses, MACs and indexes follow from the order of the description. So make each node in a statement of its
// own: C++ leaves open in which order the arguments of `link(t.host("a"), t.host("b"))` are evaluated.
//
// Nothing here fails: what does not make sense is kept as a problem, and validate() (validate.h) tells all of them.
#pragma once

#include <netrig/base/error.h>
#include <netrig/topology/spec.h>
#include <netrig/traffic/service.h>

#include <concepts>
#include <string>
#include <string_view>
#include <vector>

namespace netrig {
inline namespace topology {

class Topology;

/// A node of a Topology, for describing it further and for finding it in a Lab: `lab[pc]`.
/// Describing through it needs the Topology where it was made, alive and not moved; the name serves without.
class NodeRef {
 public:
  [[nodiscard]] const std::string& name() const { return name_; }

  /// Adds a static route: `route("10.2.0.0/16", "10.1.0.1")`, as `ip route add`.
  NodeRef& route(std::string_view destination, std::string_view gateway, std::uint32_t metric = 0);
  /// Adds an on-link route: `route_dev("10.2.0.0/16", "eth0")`.
  NodeRef& route_dev(std::string_view destination, std::string_view device, std::uint32_t metric = 0);
  /// Adds the default route of the gateway's family.
  NodeRef& default_route(std::string_view gateway, std::uint32_t metric = 0);
  /// Adds only the routes said here: none that follow from the segments.
  NodeRef& no_automatic_routes();
  /// Source NAT out of the interface or segment `out`, for `source` or for everything. IPv4 and IPv6.
  NodeRef& masquerade(std::string_view out, std::string_view source = {});
  /// Destination NAT: `service` arriving at the interface or segment `in` goes to `to`, port `to_port`.
  NodeRef& forward_port(std::string_view in, traffic::Service service, const NodeRef& to, Port to_port);
  /// Sets a sysctl of the node's namespace: `sysctl("net.ipv4.tcp_ecn", "1")`.
  NodeRef& sysctl(std::string_view name, std::string_view value);

 private:
  friend class Topology;
  NodeRef(Topology& topology, std::string name) : topology_{&topology}, name_{std::move(name)} {}
  NodeSpec& spec();

  Topology* topology_;
  std::string name_;
};

/// How a node joins a segment, where the defaults do not serve: `{.name = "lan0", .address = "10.1.0.7/24,
/// fd01::7/64"}`.
struct JoinOptions {
  std::string_view name = {};     ///< interface name; empty: eth0, eth1, ...
  std::string_view address = {};  ///< addresses with prefix lengths, by commas; empty: allocated; "none": no address
  std::string_view mac = {};      ///< link-layer address; empty: follows from the interface's index
  std::uint32_t metric = 0;       ///< of routes through it; 0: the segment's
};

/// A segment of a Topology, for describing it further. Needs the Topology where it was made, alive and not moved.
class SegmentRef {
 public:
  [[nodiscard]] const std::string& name() const { return name_; }

  /// Joins nodes in this order, with interface names and addresses that follow from it.
  template <std::same_as<NodeRef>... Nodes>
  SegmentRef& join(const NodeRef& first, const Nodes&... more) {
    join(first, JoinOptions{});
    (join(more, JoinOptions{}), ...);
    return *this;
  }
  SegmentRef& join(const NodeRef& node, const JoinOptions& options);

  /// Makes it a bridge that lives in `node`, which has an address on it: the bridge is itself the gateway.
  SegmentRef& bridge_at(const NodeRef& node, std::string_view interface = "br0", std::string_view address = {});
  /// Makes it a bridge even if it has two members only.
  SegmentRef& bridged();
  /// Runs the spanning tree protocol on its bridge: needed where trunks make a loop. The lab is built some 4 s later,
  /// when the tree is there: forward delay 2 s, hello time 1 s, maximum age 6 s.
  SegmentRef& stp();
  /// MTU of every interface on it, 68 to 65535 bytes (IPv6 needs 1280: RFC 8200 section 5).
  SegmentRef& mtu(std::uint32_t bytes);
  /// Metric of the routes through it, for every member that says none of its own.
  SegmentRef& metric(std::uint32_t value);
  /// Interface names of a two-member segment, in the order of joining.
  SegmentRef& interfaces(std::string_view first, std::string_view second);

 private:
  friend class Topology;
  SegmentRef(Topology& topology, std::string name) : topology_{&topology}, name_{std::move(name)} {}
  SegmentSpec& spec();

  Topology* topology_;
  std::string name_;
};

/// The network that should be.
class Topology {
 public:
  // Interface indexes, addresses and MACs follow from the order in which machines are named. Name them one after the
  // other: in `join(topology.host("a"), topology.host("b"))` the order is the compiler's.

  /// A machine that keeps what is not for it.
  NodeRef host(std::string_view name);
  /// A machine that forwards IPv4 and IPv6.
  NodeRef router(std::string_view name);
  /// A link layer that nodes join. `prefixes`: networks by commas, `"10.1.0.0/24, fd01::/64"`; empty: one of each
  /// family from a pool (172.16.0.0/12, fd6e:6574::/32); "none": no addresses.
  SegmentRef segment(std::string_view name, std::string_view prefixes = {});
  /// A point-to-point segment named `a-b`.
  SegmentRef link(const NodeRef& a, const NodeRef& b, std::string_view prefixes = {});
  /// Joins the bridges of two segments: they become one broadcast domain.
  void trunk(const SegmentRef& a, const SegmentRef& b);

  [[nodiscard]] const std::vector<NodeSpec>& nodes() const { return nodes_; }
  [[nodiscard]] const std::vector<SegmentSpec>& segments() const { return segments_; }
  [[nodiscard]] const std::vector<TrunkSpec>& trunks() const { return trunks_; }
  /// Texts that could not be read while describing, in order. validate() begins with them.
  [[nodiscard]] const std::vector<Error>& problems() const { return problems_; }

  /// One line: `2 hosts, 1 router; lan (10.1.0.0/24, fd01::/64): gw pc; gw-server: gw server`.
  [[nodiscard]] std::string describe() const;

  friend bool operator==(const Topology&, const Topology&) = default;

 private:
  friend class NodeRef;
  friend class SegmentRef;
  NodeRef add_node(std::string_view name, NodeKind kind);

  std::vector<NodeSpec> nodes_;
  std::vector<SegmentSpec> segments_;
  std::vector<TrunkSpec> trunks_;
  std::vector<Error> problems_;
};

}  // namespace topology
}  // namespace netrig
