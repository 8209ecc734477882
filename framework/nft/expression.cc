#include <netrig/nft/expression.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace netrig::nft {
namespace {

std::string_view ip_word(AddressFamily family) { return family == AddressFamily::ipv4 ? "ip" : "ip6"; }
std::string_view negation(Op op) { return op == Op::equal ? "" : "!= "; }
std::string_view side_word(Side side, std::string_view source, std::string_view destination) {
  return side == Side::source ? source : destination;
}

// A prefix of full length prints as the address alone.
std::string host_or_prefix(const IpPrefix& prefix) {
  return prefix.length() == address_bits(prefix.family()) ? prefix.address().to_string() : prefix.to_string();
}

std::string code_name(Reject::With with, unsigned code) {
  constexpr std::array<std::string_view, 4> kIcmpx = {"no-route", "port-unreachable", "host-unreachable",
                                                      "admin-prohibited"};
  constexpr std::array<std::string_view, 14> kIcmp = {"net-unreachable",
                                                      "host-unreachable",
                                                      "prot-unreachable",
                                                      "port-unreachable",
                                                      "",
                                                      "",
                                                      "",
                                                      "",
                                                      "",
                                                      "net-prohibited",
                                                      "host-prohibited",
                                                      "",
                                                      "",
                                                      "admin-prohibited"};
  constexpr std::array<std::string_view, 7> kIcmpv6 = {
      "no-route", "admin-prohibited", "", "addr-unreachable", "port-unreachable", "policy-fail", "reject-route"};
  std::string_view name;
  if (with == Reject::With::icmpx && code < kIcmpx.size()) name = kIcmpx[code];
  if (with == Reject::With::icmp && code < kIcmp.size()) name = kIcmp[code];
  if (with == Reject::With::icmpv6 && code < kIcmpv6.size()) name = kIcmpv6[code];
  return name.empty() ? std::to_string(code) : std::string{name};
}

struct ExpressionPrinter {
  Family family;

  std::string operator()(const FamilyMatch& match) const {
    const bool v4 = match.family == AddressFamily::ipv4;
    if (family == Family::bridge || family == Family::netdev) {
      return fmt::format("meta protocol {}{}", negation(match.op), v4 ? "ip" : "ip6");
    }
    return fmt::format("meta nfproto {}{}", negation(match.op), v4 ? "ipv4" : "ipv6");
  }
  std::string operator()(const ProtocolMatch& match) const {
    return fmt::format("meta l4proto {}{}", negation(match.op), to_string(match.protocol));
  }
  std::string operator()(const AddressMatch& match) const {
    return fmt::format("{} {} {}{}", ip_word(match.prefix.family()), side_word(match.side, "saddr", "daddr"),
                       negation(match.op), host_or_prefix(match.prefix));
  }
  std::string operator()(const PortMatch& match) const {
    return fmt::format("{} {} {}{}", match.protocol ? to_string(*match.protocol) : "th",
                       side_word(match.side, "sport", "dport"), negation(match.op), match.ports.to_string());
  }
  std::string operator()(const InterfaceMatch& match) const {
    return fmt::format("{} {}\"{}\"", match.incoming ? "iifname" : "oifname", negation(match.op), match.pattern);
  }
  std::string operator()(const CtStateMatch& match) const {
    return fmt::format("ct state {}{}", match.op == Op::equal ? "" : "! ", to_string(match.states));
  }
  std::string operator()(const IcmpMatch& match) const {
    return fmt::format("icmp type {}{}", negation(match.op), to_string(match.type));
  }
  std::string operator()(const Icmpv6Match& match) const {
    return fmt::format("icmpv6 type {}{}", negation(match.op), to_string(match.type));
  }
  std::string operator()(const MarkMatch& match) const {
    return fmt::format("meta mark {}0x{:08x}", negation(match.op), match.mark);
  }
  std::string operator()(const TcpFlagsMatch& match) const {
    const auto wanted = to_string(match.wanted);
    if (match.among) return fmt::format("tcp flags {}{} / {}", negation(match.op), wanted, to_string(*match.among));
    return fmt::format("tcp flags {}{}", match.op == Op::equal ? "" : "! ", wanted);
  }
  std::string operator()(const CtStatusMatch& match) const {
    return fmt::format("ct status {}{}", match.op == Op::equal ? "" : "! ", to_string(match.status));
  }
  std::string operator()(const CtMarkMatch& match) const {
    return fmt::format("ct mark {}0x{:08x}", negation(match.op), match.mark);
  }
  std::string operator()(const NumberMatch& match) const {
    return fmt::format("numgen {} mod {} {}{}", match.random ? "random" : "inc", match.modulus, negation(match.op),
                       match.value);
  }
  std::string operator()(const CtMarkSet& set) const { return fmt::format("ct mark set 0x{:08x}", set.mark); }
  std::string operator()(const Limit& limit) const;
  std::string operator()(const ConnectionLimit& limit) const {
    return fmt::format("ct count {}{}", limit.over ? "over " : "", limit.count);
  }
  std::string operator()(const Log& log) const;
  std::string operator()(const NoTrack&) const { return "notrack"; }
  std::string operator()(const Counter& counter) const {
    return fmt::format("counter packets {} bytes {}", counter.packets, counter.bytes);
  }
  std::string operator()(const TraceSet&) const { return "meta nftrace set 1"; }
  std::string operator()(const MarkSet& set) const { return fmt::format("meta mark set 0x{:08x}", set.mark); }
  std::string operator()(const SetMatch& match) const { return to_string(match); }
  std::string operator()(const VerdictMap& map) const { return to_string(map); }
  std::string operator()(const Verdict& verdict) const { return to_string(verdict); }
  std::string operator()(const Reject& reject) const {
    if (reject == Reject::port_unreachable()) return "reject";
    if (reject.with == Reject::With::tcp_reset) return "reject with tcp reset";
    constexpr std::array<std::string_view, 3> kWords = {"icmpx", "icmp", "icmpv6"};
    return fmt::format("reject with {} {}", kWords.at(static_cast<std::size_t>(reject.with)),
                       code_name(reject.with, reject.code));
  }
  std::string operator()(const Masquerade& masquerade) const {
    return local("masquerade", masquerade.ports, masquerade.flags);
  }
  std::string operator()(const Redirect& redirect) const { return local("redirect", redirect.ports, redirect.flags); }
  std::string operator()(const Translate& translate) const;
  std::string operator()(const Unknown& unknown) const { return unknown.text; }

  static std::string local(std::string_view word, const std::optional<PortRange>& ports, NatFlags flags) {
    return (ports ? fmt::format("{} to :{}", word, ports->to_string()) : std::string{word}) + flag_words(flags);
  }
  static std::string flag_words(NatFlags flags) {
    return flags == NatFlags::none ? std::string{} : " " + to_string(flags);
  }
};

// `10 mbytes`: in the largest unit that tells it exactly.
std::string byte_text(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 3> kUnits{"bytes", "kbytes", "mbytes"};
  std::size_t unit = 0;
  while (bytes != 0 && bytes % 1024 == 0 && unit + 1 < kUnits.size()) {
    bytes /= 1024;
    ++unit;
  }
  return fmt::format("{} {}", bytes, kUnits.at(unit));
}

std::string ExpressionPrinter::operator()(const Limit& limit) const {
  constexpr std::array kUnits{std::pair{Limit::Per::second, "second"}, std::pair{Limit::Per::minute, "minute"},
                              std::pair{Limit::Per::hour, "hour"}, std::pair{Limit::Per::day, "day"},
                              std::pair{Limit::Per::week, "week"}};
  const auto* unit = std::ranges::find(kUnits, limit.per, &decltype(kUnits)::value_type::first);
  const std::uint32_t usual = limit.bytes ? 0 : 5;
  const auto rate = limit.bytes ? byte_text(limit.rate) : std::to_string(limit.rate);
  const auto burst = limit.bytes ? byte_text(limit.burst) : fmt::format("{} packets", limit.burst);
  return fmt::format("limit rate {}{}/{}{}", limit.over ? "over " : "", rate, unit == kUnits.end() ? "?" : unit->second,
                     limit.burst == usual ? "" : " burst " + burst);
}

std::string ExpressionPrinter::operator()(const Log& log) const {
  constexpr std::array kLevels{"emerg", "alert", "crit", "err", "warn", "notice", "info", "debug", "audit"};
  std::string text = "log";
  if (!log.prefix.empty()) text += fmt::format(" prefix \"{}\"", log.prefix);
  if (log.group) text += fmt::format(" group {}", *log.group);
  if (log.snaplen != 0) text += fmt::format(" snaplen {}", log.snaplen);
  if (log.queue_threshold != 0) text += fmt::format(" queue-threshold {}", log.queue_threshold);
  if (log.group) return text;
  if (log.level != Log::Level::warn) text += fmt::format(" level {}", kLevels.at(static_cast<std::size_t>(log.level)));
  if (log.flags != LogFlags::none) text += " " + to_string(log.flags);
  return text;
}

std::string ExpressionPrinter::operator()(const Translate& translate) const {
  std::string text{side_word(translate.side, "snat", "dnat")};
  if (translate.address && family == Family::inet) text += fmt::format(" {}", ip_word(translate.address->family()));
  text += " to ";
  if (translate.address) {
    const bool bracket = translate.ports && !translate.address->is_v4();
    text += fmt::format(fmt::runtime(bracket ? "[{}]" : "{}"), translate.address->to_string());
    if (translate.last) text += fmt::format(fmt::runtime(bracket ? "-[{}]" : "-{}"), translate.last->to_string());
  }
  if (translate.ports) text += fmt::format(":{}", translate.ports->to_string());
  return text + flag_words(translate.flags);
}

}  // namespace

std::string to_string(const Expression& expression, Family family) {
  return std::visit(ExpressionPrinter{family}, expression);
}

}  // namespace netrig::nft
