// The kernel's connection table as plain values. Source: conntrack(8), linux/netfilter/nf_conntrack_common.h.
#pragma once

#include <netrig/net/ip_address.h>
#include <netrig/net/port.h>
#include <netrig/nft/names.h>
#include <netrig/nft/nf_socket.h>

#include <compare>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace netrig::nft {

/// What takes the place of ports in icmp and icmpv6.
struct ConntrackIcmp {
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  std::uint16_t id = 0;  ///< of an echo
  friend auto operator<=>(const ConntrackIcmp&, const ConntrackIcmp&) = default;
};

/// One direction of a connection, as the packets of that direction carry it on the side where they arrive.
struct ConntrackTuple {
  IpAddress source;
  IpAddress destination;
  std::optional<Port> source_port = {};  ///< of tcp, udp, sctp, dccp, udplite
  std::optional<Port> destination_port = {};
  std::optional<ConntrackIcmp> icmp = {};
  friend auto operator<=>(const ConntrackTuple&, const ConntrackTuple&) = default;
};

/// A tracked connection.
struct ConntrackEntry {
  Protocol protocol = Protocol::tcp;
  ConntrackTuple original;     ///< as it was opened
  ConntrackTuple reply;        ///< as the answers must come: differs from the mirror of `original` where NAT translates
  std::string tcp_state = {};  ///< `ESTABLISHED`, `TIME_WAIT`, ... ; empty unless TCP
  std::optional<std::uint32_t> timeout = {};  ///< seconds until it is forgotten
  std::uint32_t mark = 0;
  std::uint32_t id = 0;
  bool seen_reply = false;       ///< packets went both ways
  bool assured = false;          ///< not dropped early when the table is full
  bool source_nat = false;       ///< IPS_SRC_NAT
  bool destination_nat = false;  ///< IPS_DST_NAT

  [[nodiscard]] bool natted() const { return source_nat || destination_nat; }
  friend bool operator==(const ConntrackEntry&, const ConntrackEntry&) = default;
};
/// A line of `conntrack -L`: `tcp      6 431999 ESTABLISHED src=10.0.0.2 dst=10.9.0.1 sport=40000 dport=80 src=...
/// [ASSURED] mark=0 use=1` without `use`, which changes by being looked at.
std::string to_string(const ConntrackEntry& entry);
std::ostream& operator<<(std::ostream& out, const ConntrackEntry& entry);

/// All entries of both families of the socket's network namespace, in the kernel's order.
/// Reads again when the table changed so that the dump is not sound.
Result<std::vector<ConntrackEntry>> list_conntrack(NfSocket& socket);

}  // namespace netrig::nft
