// Packets that no ordinary socket sends. Private to the suite.
#pragma once

#include <netrig/topology/node.h>

#include <cstdint>
#include <vector>

namespace netrig {

/// Sends one IPv6 packet of that next header and content (payload and extension headers, complete) to the node's first
/// IPv6 address. Throws SetupError when it cannot be sent. The kernel sends it from the address it chooses.
void send_ipv6(const Node& from, const Node& to, std::uint8_t next_header, std::vector<std::uint8_t> content);

/// A routing header of type 0 (RFC 2460 4.4) with no hops left and one address in it, then nothing (next header 59).
std::vector<std::uint8_t> routing_header_0();
/// An authentication header (RFC 4302 2) and the UDP datagram that it authenticates, to port 9.
std::vector<std::uint8_t> authenticated_datagram(const Node& from, const Node& to);
/// An ICMPv6 error, port unreachable, about a UDP datagram from `to` to `from` that never was.
std::vector<std::uint8_t> port_unreachable_about(const Node& from, const Node& to);

}  // namespace netrig
