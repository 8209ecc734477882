// Offloads and queue lengths of a node's links, which change what a measurement finds tenfold.
//
//   set_offloads(gw, "lan0", {.tso = false, .gso = false, .gro = false});   // forward packet by packet
//   set_queue_length(gw, "lan0", 100);
//   set_gso_max_size(left, "eth0", ByteCount{524'280});                     // BIG TCP
#pragma once

#include <netrig/net/units.h>
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

/// Bytes of the largest packet that the kernel hands to the interface to be cut up late, which a veth never does
/// (`ip link set gso_max_size`, `gso_ipv4_max_size` and the same of GRO). 65,536 when a lab is built; up to 524,280 is
/// BIG TCP, with which a veth carries twice as much and more. Set it where packets are sent: what is forwarded to a
/// link that takes less is cut on the way. Throws SetupError: EINVAL above the interface's limit; EOPNOTSUPP where the
/// kernel cannot do it for both families (before 6.3).
void set_gso_max_size(const Node& node, std::string_view interface, ByteCount size);
/// The smaller one of the two families.
[[nodiscard]] ByteCount gso_max_size(const Node& node, std::string_view interface);

}  // namespace topology
}  // namespace netrig
