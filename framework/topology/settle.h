// Private to the module: waiting for what the kernel does later than it says.
#pragma once

#include <netrig/base/result.h>
#include <netrig/net/ip_address.h>
#include <netrig/netlink/socket.h>
#include <netrig/topology/lab_state.h>

#include <chrono>
#include <set>
#include <string>

namespace netrig {
inline namespace topology {

/// Timers of a bridge that runs STP: the shortest that the kernel takes (net/bridge/br_private_stp.h), so that a port
/// forwards after twice the delay.
inline constexpr std::chrono::seconds kStpForwardDelay{2};
inline constexpr std::chrono::seconds kStpHelloTime{1};
inline constexpr std::chrono::seconds kStpMaxAge{6};

/// Waits until the IPv6 addresses are answered for. `label` names the node in errors.
///
/// A new IPv6 address is answered for only when a kernel worker has joined its solicited-node group and, last, made its
/// local route (addrconf_dad_work in net/ipv6/addrconf.c), even without duplicate address detection; and nobody
/// announces that. What comes earlier is lost, and asked for again after a whole second. So: look until the routes are
/// there.
Result<void> await_local_routes(netlink::Socket& socket, const std::string& label, std::set<IpAddress> missing);

/// Waits until every port of the node's bridges that run STP has found its place in the tree: forwards or blocks.
Result<void> await_spanning_tree(NodeState& node);

}  // namespace topology
}  // namespace netrig
