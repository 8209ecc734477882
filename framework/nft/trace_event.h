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

/// A packet's headers, as far as they were told.
struct TracedPacket {
  IpAddress source;
  IpAddress destination;
  std::optional<Protocol> protocol = {};  ///< none behind IPv6 extension headers
  std::optional<Port> source_port = {};   ///< of tcp and udp
  std::optional<Port> destination_port = {};
  std::optional<ConntrackIcmp> icmp = {};  ///< of icmp and icmpv6
  std::uint8_t tcp_flags = 0;              ///< FIN 1, SYN 2, RST 4, ACK 16

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
