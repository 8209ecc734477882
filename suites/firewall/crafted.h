// Packets that no socket would send: with another's source, with flags that make no sense, out of nothing.
#pragma once

#include <netrig/net/ip_address.h>
#include <netrig/net/mac_address.h>
#include <netrig/topology/node.h>

#include <cstdint>
#include <vector>

namespace netrig::office {

using Packet = std::vector<std::uint8_t>;

/// Flags of a TCP header (RFC 9293 section 3.1).
inline constexpr std::uint8_t kFin = 1, kSyn = 2, kRst = 4, kPush = 8, kAck = 16, kUrgent = 32;

/// From any source to any destination, both of one family, ready to be sent as a frame's content.
Packet tcp_packet(const IpAddress& from, const IpAddress& to, std::uint16_t port, std::uint8_t flags);
Packet udp_packet(const IpAddress& from, const IpAddress& to, std::uint16_t from_port, std::uint16_t port);
/// Asks for the link-layer address of `target`, as RFC 4861 section 4.3 wants it: hop limit 255, to its solicited-node
/// address.
Packet neighbour_solicitation(const IpAddress& from, const IpAddress& target);
/// The port that tcp_packet() sends from.
inline constexpr std::uint16_t kCraftedPort = 4711;

/// Sends it from the interface of that number to the link-layer address `to`. Throws SetupError.
void send_frame(const Node& node, int interface, const MacAddress& to, const Packet& packet);

}  // namespace netrig::office
