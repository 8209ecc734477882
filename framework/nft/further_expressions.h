// More of what rules are made of, beside expression.h: flags of TCP, what conntrack knows, chance, limits, logs.
//
//   Rule{}.add(TcpFlagsMatch{TcpFlag::syn, TcpFlag::fin | TcpFlag::syn | TcpFlag::rst | TcpFlag::ack}).drop()
//   Rule{}.add(Limit{.rate = 10, .per = Limit::Per::second}).add(Log{.prefix = "new: "}).accept()
//
// Source: nft(8), linux/netfilter/nf_tables.h.
#pragma once

#include <netrig/nft/names.h>

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

namespace netrig::nft {

/// Flags of a TCP header (RFC 9293) as a set of bits: `TcpFlag::syn | TcpFlag::ack`.
enum class TcpFlag : std::uint8_t { fin = 1, syn = 2, rst = 4, psh = 8, ack = 16, urg = 32, ecn = 64, cwr = 128 };
constexpr TcpFlag operator|(TcpFlag a, TcpFlag b) {
  return static_cast<TcpFlag>(static_cast<std::uint8_t>(a) | static_cast<std::uint8_t>(b));
}
/// `syn,ack`
std::string to_string(TcpFlag flags);

/// `tcp flags syn,ack`: any of them (not_equal: none); with `among` exactly these of those: `tcp flags syn / syn,ack`.
struct TcpFlagsMatch {
  TcpFlag wanted;
  std::optional<TcpFlag> among = {};
  Op op = Op::equal;
  friend auto operator<=>(const TcpFlagsMatch&, const TcpFlagsMatch&) = default;
};

/// What conntrack knows of a connection, as a set of bits (IPS_*).
enum class CtStatus : std::uint32_t {
  expected = 1,
  seen_reply = 2,
  assured = 4,
  confirmed = 8,
  snat = 16,
  dnat = 32,
  dying = 512
};
constexpr CtStatus operator|(CtStatus a, CtStatus b) {
  return static_cast<CtStatus>(static_cast<std::uint32_t>(a) | static_cast<std::uint32_t>(b));
}
/// `assured,snat`
std::string to_string(CtStatus status);

/// `ct status dnat`: any of them; not_equal prints `ct status ! ...`: none of them.
struct CtStatusMatch {
  CtStatus status;
  Op op = Op::equal;
  friend auto operator<=>(const CtStatusMatch&, const CtStatusMatch&) = default;
};
/// `ct mark 0x00000010`: the mark of the connection.
struct CtMarkMatch {
  std::uint32_t mark;
  Op op = Op::equal;
  friend auto operator<=>(const CtMarkMatch&, const CtMarkMatch&) = default;
};
/// `numgen inc mod 3 0`, `numgen random mod 10 != 1`: of `modulus` packets that come there about one.
struct NumberMatch {
  bool random = false;  ///< by chance, else in turn
  std::uint32_t modulus = 1;
  std::uint32_t value = 0;  ///< below the modulus
  Op op = Op::equal;
  friend auto operator<=>(const NumberMatch&, const NumberMatch&) = default;
};

/// `ct mark set 0x00000010`
struct CtMarkSet {
  std::uint32_t mark;
  friend auto operator<=>(const CtMarkSet&, const CtMarkSet&) = default;
};
/// `limit rate 10/second`, `limit rate over 10/minute burst 20 packets`, `limit rate 10 mbytes/second`: true up to the
/// rate, or above it.
struct Limit {
  enum class Per : std::uint32_t { second = 1, minute = 60, hour = 3600, day = 86400, week = 604800 };
  std::uint64_t rate = 0;  ///< packets, or bytes
  Per per = Per::second;
  std::uint32_t burst = 5;  ///< packets, or bytes, that may come at once; nft does not show 5 packets and 0 bytes
  bool over = false;
  bool bytes = false;

  /// Of bytes: `limit rate 1500 bytes/second burst 3000 bytes`. nft shows them in units of 1024: kbytes, mbytes.
  static Limit of_bytes(std::uint64_t rate, Per per, std::uint32_t burst = 0) {
    return {.rate = rate, .per = per, .burst = burst, .bytes = true};
  }
  friend auto operator<=>(const Limit&, const Limit&) = default;
};
/// `ct count 5`, `ct count over 20`: how many connections there are of those that came to this rule.
struct ConnectionLimit {
  std::uint32_t count = 0;
  bool over = false;
  friend auto operator<=>(const ConnectionLimit&, const ConnectionLimit&) = default;
};
/// What the kernel's log tells beside the usual (NF_LOG_*), as a set of bits.
enum class LogFlags : std::uint32_t {
  none = 0,
  tcp_sequence = 1,
  tcp_options = 2,
  ip_options = 4,
  skuid = 8,  ///< who owns the socket
  ether = 32,
  all = 47
};
constexpr LogFlags operator|(LogFlags a, LogFlags b) {
  return static_cast<LogFlags>(static_cast<std::uint32_t>(a) | static_cast<std::uint32_t>(b));
}
/// `flags tcp sequence,options flags skuid`; empty for none.
std::string to_string(LogFlags flags);

/// `log prefix "new: " level info`, `log prefix "new: " group 2 snaplen 100`: to the kernel's log, or to who listens to
/// the group. The kernel's log shows that of namespaces only where net.netfilter.nf_log_all_netns says so.
struct Log {
  enum class Level : std::uint32_t { emerg, alert, crit, err, warn, notice, info, debug, audit };
  std::string prefix = {};  ///< up to 127 bytes, no quotation mark or line break
  Level level = Level::warn;
  std::optional<std::uint16_t> group = {};  ///< without it the kernel's log
  LogFlags flags = LogFlags::none;          ///< of the kernel's log
  std::uint32_t snaplen = 0;                ///< of a group: bytes of the packet that are told; 0: all
  std::uint16_t queue_threshold = 0;        ///< of a group: packets that are told at once; 0: each by itself
  friend auto operator<=>(const Log&, const Log&) = default;
};
/// `notrack`: conntrack leaves the packet alone; in chains before it (priority raw).
struct NoTrack {
  friend auto operator<=>(const NoTrack&, const NoTrack&) = default;
};

/// How a translation chooses among ports and addresses (NF_NAT_RANGE_*), as a set of bits.
enum class NatFlags : std::uint8_t { none = 0, random = 4, persistent = 8, fully_random = 16 };
constexpr NatFlags operator|(NatFlags a, NatFlags b) {
  return static_cast<NatFlags>(static_cast<std::uint8_t>(a) | static_cast<std::uint8_t>(b));
}
/// `fully-random,persistent`; empty for none.
std::string to_string(NatFlags flags);

}  // namespace netrig::nft
