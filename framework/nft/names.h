// The words of nftables: families, hooks, chain types, policies, priorities, protocols, connection states.
// Each prints as `nft` spells it. Source: nft(8), linux/netfilter/nf_tables.h.
#pragma once

#include <netrig/base/result.h>
#include <netrig/net/address_family.h>

#include <compare>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>

namespace netrig::nft {

/// The address family of a table; the values are the kernel's NFPROTO_*.
enum class Family : std::uint8_t { inet = 1, ip = 2, arp = 3, netdev = 5, bridge = 7, ip6 = 10 };
std::string to_string(Family family);
std::ostream& operator<<(std::ostream& out, Family family);
/// `inet`, `ip`, `ip6`, `bridge`, `arp` or `netdev`.
Result<Family> parse_family(std::string_view text);

/// What a base chain may do: `filter` anything but translate, `nat` sees the first packet of a connection only.
enum class ChainType : std::uint8_t { filter, nat, route };
std::string to_string(ChainType type);

/// Where in the packet's path a base chain sits.
enum class Hook : std::uint8_t { prerouting, input, forward, output, postrouting, ingress, egress };
std::string to_string(Hook hook);
std::ostream& operator<<(std::ostream& out, Hook hook);

/// What becomes of a packet that reaches the end of a base chain.
enum class Policy : std::uint8_t { drop = 0, accept = 1 };
std::string to_string(Policy policy);
std::ostream& operator<<(std::ostream& out, Policy policy);

/// The named priorities of inet, ip and ip6 tables; chains at one hook run in ascending order.
namespace priority {
inline constexpr int kRaw = -300;
inline constexpr int kMangle = -150;
inline constexpr int kDstnat = -100;
inline constexpr int kFilter = 0;
inline constexpr int kSecurity = 50;
inline constexpr int kSrcnat = 100;
/// Of bridge tables, where the names mean other numbers.
inline constexpr int kBridgeDstnat = -300;
inline constexpr int kBridgeFilter = -200;
inline constexpr int kBridgeOut = 100;
inline constexpr int kBridgeSrcnat = 300;
}  // namespace priority

/// `filter`, `srcnat - 5` or `-211`: the name if one of that family and hook is within 10, as `nft list` prints it.
std::string priority_name(int priority, Family family, Hook hook);
/// A priority written as nft takes it: `filter`, `mangle - 3`, `dstnat + 1`, `-211`.
Result<int> parse_priority(std::string_view text, Family family);

/// A protocol above IP, by its number in the IP header (any number is valid; those named here print as names).
enum class Protocol : std::uint8_t { icmp = 1, tcp = 6, udp = 17, gre = 47, esp = 50, icmpv6 = 58, sctp = 132 };
/// As `nft` prints it after `meta l4proto`: `tcp`, `ipv6-icmp`, `250`.
std::string to_string(Protocol protocol);
std::ostream& operator<<(std::ostream& out, Protocol protocol);

/// Which end of the packet a match looks at.
enum class Side : std::uint8_t { source, destination };

/// Whether a match wants the value or anything but it (`!=`).
enum class Op : std::uint8_t { equal, not_equal };

/// States of conntrack as a set of bits: `CtState::established | CtState::related`.
enum class CtState : std::uint32_t {
  invalid = 1,
  established = 2,
  related = 4,
  new_connection = 8,  ///< `new`
  untracked = 64,
};
constexpr CtState operator|(CtState a, CtState b) {
  return static_cast<CtState>(static_cast<std::uint32_t>(a) | static_cast<std::uint32_t>(b));
}
/// Whether `states` has a state of `asked`.
constexpr bool has(CtState states, CtState asked) {
  return (static_cast<std::uint32_t>(states) & static_cast<std::uint32_t>(asked)) != 0;
}
/// `established,related`
std::string to_string(CtState states);

/// ICMP types (any number is valid; those named by nft print as names).
enum class IcmpType : std::uint8_t {
  echo_reply = 0,
  destination_unreachable = 3,
  redirect = 5,
  echo_request = 8,
  time_exceeded = 11,
  parameter_problem = 12,
};
std::string to_string(IcmpType type);

/// ICMPv6 types (any number is valid; those named by nft print as names).
enum class Icmpv6Type : std::uint8_t {
  destination_unreachable = 1,
  packet_too_big = 2,
  time_exceeded = 3,
  parameter_problem = 4,
  echo_request = 128,
  echo_reply = 129,
  nd_router_solicit = 133,
  nd_router_advert = 134,
  nd_neighbor_solicit = 135,
  nd_neighbor_advert = 136,
  nd_redirect = 137,
};
std::string to_string(Icmpv6Type type);

}  // namespace netrig::nft
