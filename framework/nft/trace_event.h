// What the kernel tells of a packet that it traces: which rules it met, and what they decided.
//
//   trace id db6b853d inet filter forward packet: iif 2 oif 3 tcp 10.9.1.2:40312 > 10.9.2.3:631
//   trace id db6b853d inet filter forward rule (handle 9) (verdict drop)
//
// Source: nft(8), "monitor trace"; net/netfilter/nf_tables_trace.c.
#pragma once

#include <netrig/net/ip_address.h>
#include <netrig/net/port.h>
#include <netrig/nft/conntrack.h>
#include <netrig/nft/expression.h>
#include <netrig/nft/ruleset.h>

#include <compare>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>

namespace netrig::nft {

/// What the first 12 bytes of an IP header tell one packet from another by: as much as the trace tells of the packet
/// that an ICMP error quotes. None of it changes on the way, but by translation.
struct PacketIdentity {
  std::optional<Protocol> protocol = {};  ///< none behind IPv6 extension headers
  std::uint32_t label = 0;                ///< IPv4: the identification (RFC 791); IPv6: the flow label (RFC 6437)
  std::uint16_t length = 0;               ///< IPv4: total length; IPv6: length of the payload
  /// IPv4: the ones' complement sum of both addresses, which the header's checksum gives away; IPv6: the first 4 bytes
  /// of the source.
  std::uint32_t addresses = 0;
  friend auto operator<=>(const PacketIdentity&, const PacketIdentity&) = default;
};

/// A packet's headers, as far as they were told.
struct TracedPacket {
  IpAddress source;
  IpAddress destination;
  std::optional<Protocol> protocol = {};  ///< none behind IPv6 extension headers
  std::optional<Port> source_port = {};   ///< of tcp and udp
  std::optional<Port> destination_port = {};
  std::optional<ConntrackIcmp> icmp = {};      ///< of icmp and icmpv6
  std::optional<std::uint16_t> sequence = {};  ///< of an ICMP echo request or reply
  std::uint8_t tcp_flags = 0;                  ///< FIN 1, SYN 2, RST 4, ACK 16
  PacketIdentity identity = {};
  std::optional<PacketIdentity> quoted = {};  ///< of an ICMP error: the packet that it is about

  /// An ICMP error (RFC 792, RFC 4443 section 2.1).
  [[nodiscard]] bool is_error() const { return quoted.has_value(); }
  [[nodiscard]] bool is_error_about(const TracedPacket& packet) const { return quoted == packet.identity; }
  /// The same without what tells packets of one flow apart.
  [[nodiscard]] TracedPacket flow() const;
  /// `tcp 10.9.1.2:40312 > 10.9.2.3:631`, `icmp 10.9.1.2 > 10.9.2.3 type 8`
  [[nodiscard]] std::string to_string() const;
  friend auto operator<=>(const TracedPacket&, const TracedPacket&) = default;
};

/// One step of a traced packet.
struct TraceEvent {
  enum class Kind : std::uint8_t {
    rule,    ///< a rule matched; see `rule` and `verdict`
    end,     ///< it came to the end of a chain
    policy,  ///< that was a base chain; `verdict` is its policy
  };
  std::uint32_t packet =
      0;  ///< the kernel's number: one from its arrival, or sending, to its end here; used again later
  Kind kind = Kind::rule;
  ChainName chain;
  std::uint64_t rule = 0;  ///< the rule's handle
  /// What was decided; nothing for queueing, synproxy and the like, which take the packet, and for the end of a chain.
  std::optional<Verdict> verdict = {};
  std::uint32_t incoming = 0, outgoing = 0;  ///< numbers of the interfaces; 0: none
  std::uint32_t mark = 0;
  std::optional<TracedPacket> headers = {};  ///< with the first step in each chain

  [[nodiscard]] bool drops() const { return verdict && verdict->kind == Verdict::Kind::drop; }
  /// Lines as `nft monitor trace` prints them, with the rule's handle for its text.
  [[nodiscard]] std::string to_string() const;
  friend bool operator==(const TraceEvent&, const TraceEvent&) = default;
};
std::ostream& operator<<(std::ostream& out, const TraceEvent& event);

}  // namespace netrig::nft
