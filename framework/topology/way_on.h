// Private to the module: how one node routes a packet: the kernel's answer to exactly that question, and in people's
// words why it refuses.
#pragma once

#include <netrig/net/ip_address.h>
#include <netrig/netlink/route.h>
#include <netrig/topology/node.h>
#include <netrig/topology/snapshot.h>
#include <netrig/topology/verdict.h>

#include <optional>
#include <string>
#include <string_view>

namespace netrig {
inline namespace topology {

/// What the cause says where that filter refuses, and the counter that must have counted it then.
inline constexpr std::string_view kReversePathFilter = "(reverse-path filter)";
inline constexpr std::string_view kReversePathCount = "TcpExtIPReversePathFilter";

/// The node's name as errors show it.
inline std::string in_quotes(const Node& node) { return "\"" + node.name() + "\""; }

/// A packet that a node has to route.
struct Transit {
  IpAddress destination;
  std::optional<IpAddress> source = {};  ///< none: not known, and rules for it are not asked for
  std::string incoming = {};             ///< the interface that it came in by; empty: the node itself sends it
};

/// Why a packet goes no further.
struct Refusal {
  Verdict verdict;
  std::string cause;  ///< one line
};

/// Where it goes, or why not: one of the two.
struct WayOn {
  std::optional<netlink::Route> route = {};
  std::optional<Refusal> refusal = {};
};

/// Asks the kernel (RTM_GETROUTE with RTA_SRC and RTA_IIF: rules `from` and `iif` count). `now` is the node's.
/// Of a packet that came in, the interface's own forwarding setting counts (IPv4), and the source must be one that the
/// node takes packets from on that interface: net/ipv4/fib_frontend.c, fib_validate_source().
WayOn way_on(const Node& node, const Snapshot& now, const Transit& packet);

/// Whether the node refuses the source of a packet that is for itself: IPv4 asks before it takes one in. IPv6 never.
std::optional<Refusal> refused_source(const Node& node, const Snapshot& now, const Transit& packet);

}  // namespace topology
}  // namespace netrig
