// What rules are made of: matches (the packet must be so) and statements (then do so), each a plain value.
// Rule (rule.h) has the comfortable way to write them; these are what a listing is read from.
#pragma once

#include <netrig/net/ip_address.h>
#include <netrig/net/ip_prefix.h>
#include <netrig/net/port.h>
#include <netrig/nft/further_expressions.h>
#include <netrig/nft/names.h>
#include <netrig/nft/set.h>

#include <compare>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <variant>

namespace netrig::nft {

// ---- matches

/// `meta nfproto ipv4`: in inet tables, which family the packet is of.
struct FamilyMatch {
  AddressFamily family;
  Op op = Op::equal;
  friend auto operator<=>(const FamilyMatch&, const FamilyMatch&) = default;
};
/// `meta l4proto tcp`
struct ProtocolMatch {
  Protocol protocol;
  Op op = Op::equal;
  friend auto operator<=>(const ProtocolMatch&, const ProtocolMatch&) = default;
};
/// `ip saddr 10.0.0.0/24`, `ip6 daddr != fd00::1`
struct AddressMatch {
  Side side;
  IpPrefix prefix;
  Op op = Op::equal;
  friend auto operator<=>(const AddressMatch&, const AddressMatch&) = default;
};
/// `tcp dport 80`, `udp sport 1000-2000`, not upside down; without a protocol `th dport 53`, of whatever transport the
/// packet has.
struct PortMatch {
  std::optional<Protocol> protocol;  ///< tcp, udp or sctp
  Side side;
  PortRange ports;
  Op op = Op::equal;
  friend auto operator<=>(const PortMatch&, const PortMatch&) = default;
};
/// `iifname "lan0"`, `oifname "eth*"`: by name, so that the interface need not exist yet.
struct InterfaceMatch {
  bool incoming;        ///< iifname, else oifname
  std::string pattern;  ///< a name of 1-15 bytes; a trailing `*` stands for any rest
  Op op = Op::equal;
  friend auto operator<=>(const InterfaceMatch&, const InterfaceMatch&) = default;
};
/// `ct state established,related`: any of them; not_equal prints `ct state ! ...`: none of them.
struct CtStateMatch {
  CtState states;
  Op op = Op::equal;
  friend auto operator<=>(const CtStateMatch&, const CtStateMatch&) = default;
};
/// `icmp type echo-request`
struct IcmpMatch {
  IcmpType type;
  Op op = Op::equal;
  friend auto operator<=>(const IcmpMatch&, const IcmpMatch&) = default;
};
/// `icmpv6 type nd-neighbor-solicit`
struct Icmpv6Match {
  Icmpv6Type type;
  Op op = Op::equal;
  friend auto operator<=>(const Icmpv6Match&, const Icmpv6Match&) = default;
};
/// `meta mark 0x00000010`: the mark of the packet.
struct MarkMatch {
  std::uint32_t mark;
  Op op = Op::equal;
  friend auto operator<=>(const MarkMatch&, const MarkMatch&) = default;
};

// ---- statements

/// `counter packets 3 bytes 252`: counts what reaches it.
struct Counter {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  friend auto operator<=>(const Counter&, const Counter&) = default;
};
/// `meta mark set 0x00000010`
struct MarkSet {
  std::uint32_t mark;
  friend auto operator<=>(const MarkSet&, const MarkSet&) = default;
};
/// `meta nftrace set 1`: the kernel tells what rules do with the packet from here on (trace.h).
struct TraceSet {
  friend auto operator<=>(const TraceSet&, const TraceSet&) = default;
};
/// `reject`, `reject with icmp admin-prohibited`, `reject with tcp reset`: drops and tells the sender.
struct Reject {
  /// Which message: ICMP, ICMPv6, the one of the packet's family (`icmpx`), or a TCP RST.
  enum class With : std::uint8_t { icmpx, icmp, icmpv6, tcp_reset };
  With with = With::icmpx;
  std::uint8_t code = 1;  ///< of ICMP or ICMPv6 (RFC 792, 4443), or NFT_REJECT_ICMPX_*; the default is port-unreachable

  static constexpr Reject port_unreachable() { return {With::icmpx, 1}; }
  static constexpr Reject no_route() { return {With::icmpx, 0}; }
  static constexpr Reject host_unreachable() { return {With::icmpx, 2}; }
  static constexpr Reject admin_prohibited() { return {With::icmpx, 3}; }
  static constexpr Reject tcp_reset() { return {With::tcp_reset, 0}; }
  friend auto operator<=>(const Reject&, const Reject&) = default;
};
/// `masquerade`, `masquerade to :1000-2000`: source NAT to the address of the interface that the packet leaves by.
struct Masquerade {
  std::optional<PortRange> ports = {};
  NatFlags flags = NatFlags::none;
  friend auto operator<=>(const Masquerade&, const Masquerade&) = default;
};
/// `redirect to :80`: destination NAT to this machine.
struct Redirect {
  std::optional<PortRange> ports = {};
  NatFlags flags = NatFlags::none;
  friend auto operator<=>(const Redirect&, const Redirect&) = default;
};
/// `snat ip to 10.9.9.9`, `snat ip to 10.9.9.1-10.9.9.9 persistent`, `dnat ip6 to [fd00::1]:80`, in ip and ip6 tables
/// also `dnat to :80`.
struct Translate {
  Side side;  ///< source: snat, destination: dnat
  std::optional<IpAddress> address;
  std::optional<PortRange> ports = {};
  std::optional<IpAddress> last = {};  ///< of a range that begins with `address`
  NatFlags flags = NatFlags::none;
  friend auto operator<=>(const Translate&, const Translate&) = default;
};
/// What a listing holds that has no value here: kept visible, never written back.
/// `xt match "conntrack"`, `unknown expression [ lookup reg 1 set __set0 0x0 ]`
struct Unknown {
  std::string text;
  friend auto operator<=>(const Unknown&, const Unknown&) = default;
};

using Expression = std::variant<FamilyMatch, ProtocolMatch, AddressMatch, PortMatch, InterfaceMatch, CtStateMatch,
                                IcmpMatch, Icmpv6Match, MarkMatch, TcpFlagsMatch, CtStatusMatch, CtMarkMatch,
                                NumberMatch, SetMatch, Counter, MarkSet, CtMarkSet, TraceSet, Limit, ConnectionLimit,
                                Log, NoTrack, Verdict, VerdictMap, Reject, Masquerade, Redirect, Translate, Unknown>;

/// As `nft list ruleset` prints it in a table of `family` (`dnat ip to` in inet is `dnat to` in ip).
std::string to_string(const Expression& expression, Family family = Family::inet);

}  // namespace netrig::nft
