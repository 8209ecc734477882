// Offloads and queue lengths of a node's links, which change what a measurement finds tenfold.
//
//   set_offloads(gw, "lan0", {.tso = false, .gso = false, .gro = false});   // forward packet by packet
//   set_queue_length(gw, "lan0", 100);
#pragma once

#include <netrig/netlink/offloads.h>
#include <netrig/topology/node.h>

#include <cstdint>
#include <string_view>

namespace netrig {
inline namespace topology {

/// What `ethtool -k` shows. Throws SetupError for an interface that the node does not have.
[[nodiscard]] netlink::Offloads offloads(const Node& node, std::string_view interface);
/// All or nothing, as netlink::set_offloads(), whose errors it throws as SetupError with the node's name.
void set_offloads(const Node& node, std::string_view interface, const netlink::Offloads& change);

/// Packets that may wait to be sent (`ip link set txqueuelen`): what pfifo_fast and the default length of other queues
/// go by. Throws SetupError.
void set_queue_length(const Node& node, std::string_view interface, std::uint32_t packets);
[[nodiscard]] std::uint32_t queue_length(const Node& node, std::string_view interface);

}  // namespace topology
}  // namespace netrig
