#include <netrig/nft/names.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <ostream>
#include <span>
#include <utility>

namespace netrig::nft {
namespace {

struct Named {
  int value;
  std::string_view name;
};

std::optional<std::string_view> name_of(std::span<const Named> names, int value) {
  const auto* found = std::ranges::find(names.data(), names.data() + names.size(), value, &Named::value);
  if (found == names.data() + names.size()) return std::nullopt;
  return found->name;
}

template <class Number>
std::string name_or_number(std::span<const Named> names, Number number) {
  const int value = static_cast<int>(number);
  const auto name = name_of(names, value);
  return name ? std::string{*name} : std::to_string(value);
}

constexpr std::array kFamilies = {Named{1, "inet"},   Named{2, "ip"},     Named{3, "arp"},
                                  Named{5, "netdev"}, Named{7, "bridge"}, Named{10, "ip6"}};

// As /etc/protocols names them, which is where nft looks; the rest print as numbers.
constexpr std::array kProtocols = {
    Named{1, "icmp"},      Named{2, "igmp"},      Named{4, "ipencap"},  Named{6, "tcp"},    Named{17, "udp"},
    Named{33, "dccp"},     Named{41, "ipv6"},     Named{47, "gre"},     Named{50, "esp"},   Named{51, "ah"},
    Named{89, "ospf"},     Named{103, "pim"},     Named{108, "ipcomp"}, Named{112, "vrrp"}, Named{132, "sctp"},
    Named{136, "udplite"}, Named{58, "ipv6-icmp"}};

constexpr std::array kIcmpTypes = {Named{0, "echo-reply"},           Named{3, "destination-unreachable"},
                                   Named{4, "source-quench"},        Named{5, "redirect"},
                                   Named{8, "echo-request"},         Named{9, "router-advertisement"},
                                   Named{10, "router-solicitation"}, Named{11, "time-exceeded"},
                                   Named{12, "parameter-problem"},   Named{13, "timestamp-request"},
                                   Named{14, "timestamp-reply"},     Named{15, "info-request"},
                                   Named{16, "info-reply"},          Named{17, "address-mask-request"},
                                   Named{18, "address-mask-reply"}};

constexpr std::array kIcmpv6Types = {
    Named{1, "destination-unreachable"}, Named{2, "packet-too-big"},        Named{3, "time-exceeded"},
    Named{4, "parameter-problem"},       Named{128, "echo-request"},        Named{129, "echo-reply"},
    Named{130, "mld-listener-query"},    Named{131, "mld-listener-report"}, Named{132, "mld-listener-done"},
    Named{133, "nd-router-solicit"},     Named{134, "nd-router-advert"},    Named{135, "nd-neighbor-solicit"},
    Named{136, "nd-neighbor-advert"},    Named{137, "nd-redirect"},         Named{138, "router-renumbering"},
    Named{141, "ind-neighbor-solicit"},  Named{142, "ind-neighbor-advert"}, Named{143, "mld2-listener-report"}};

constexpr std::array kCtStates = {Named{1, "invalid"}, Named{2, "established"}, Named{4, "related"}, Named{8, "new"},
                                  Named{64, "untracked"}};

struct NamedPriority {
  std::string_view name;
  int value;
  std::optional<Hook> only;
};

constexpr std::array kPriorities = {NamedPriority{"raw", priority::kRaw, {}},
                                    NamedPriority{"mangle", priority::kMangle, {}},
                                    NamedPriority{"dstnat", priority::kDstnat, Hook::prerouting},
                                    NamedPriority{"filter", priority::kFilter, {}},
                                    NamedPriority{"security", priority::kSecurity, {}},
                                    NamedPriority{"srcnat", priority::kSrcnat, Hook::postrouting}};
constexpr std::array kBridgePriorities = {NamedPriority{"dstnat", priority::kBridgeDstnat, Hook::prerouting},
                                          NamedPriority{"filter", priority::kBridgeFilter, {}},
                                          NamedPriority{"out", priority::kBridgeOut, Hook::output},
                                          NamedPriority{"srcnat", priority::kBridgeSrcnat, Hook::postrouting}};
constexpr std::array kPlainPriorities = {NamedPriority{"filter", priority::kFilter, {}}};

std::span<const NamedPriority> priorities_of(Family family) {
  switch (family) {
    case Family::bridge:
      return kBridgePriorities;
    case Family::arp:
    case Family::netdev:
      return kPlainPriorities;
    default:
      return kPriorities;
  }
}

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

std::optional<int> to_number(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::string to_string(Family family) { return name_or_number(kFamilies, family); }
std::ostream& operator<<(std::ostream& out, Family family) { return out << to_string(family); }

Result<Family> parse_family(std::string_view text) {
  const auto* found = std::ranges::find(kFamilies, text, &Named::name);
  if (found == kFamilies.end()) {
    return fail(Error::invalid(fmt::format("read table family '{}'", text), "",
                               "expected inet, ip, ip6, bridge, arp or netdev"));
  }
  return static_cast<Family>(found->value);
}

std::string to_string(ChainType type) {
  switch (type) {
    case ChainType::filter:
      return "filter";
    case ChainType::nat:
      return "nat";
    case ChainType::route:
      return "route";
  }
  return "unknown";
}

std::string to_string(Hook hook) {
  switch (hook) {
    case Hook::prerouting:
      return "prerouting";
    case Hook::input:
      return "input";
    case Hook::forward:
      return "forward";
    case Hook::output:
      return "output";
    case Hook::postrouting:
      return "postrouting";
    case Hook::ingress:
      return "ingress";
    case Hook::egress:
      return "egress";
  }
  return "unknown";
}
std::ostream& operator<<(std::ostream& out, Hook hook) { return out << to_string(hook); }

std::string to_string(Policy policy) { return policy == Policy::drop ? "drop" : "accept"; }
std::ostream& operator<<(std::ostream& out, Policy policy) { return out << to_string(policy); }

std::string priority_name(int priority, Family family, Hook hook) {
  constexpr int kReach = 10;
  for (const NamedPriority& named : priorities_of(family)) {
    const std::int64_t offset = std::int64_t{priority} - named.value;
    if (std::abs(offset) > kReach || (named.only && *named.only != hook)) continue;
    if (offset == 0) return std::string{named.name};
    return fmt::format("{} {} {}", named.name, offset < 0 ? '-' : '+', std::abs(offset));
  }
  return std::to_string(priority);
}

Result<int> parse_priority(std::string_view text, Family family) {
  if (const auto number = to_number(trim(text))) return *number;
  const auto bad = [&] {
    return fail(Error::invalid(
        fmt::format("read chain priority '{}'", text), "",
        fmt::format("expected a number or a name of the {} family, as in 'filter - 5'", to_string(family))));
  };
  const auto sign = text.find_first_of("+-");
  const std::string_view name = trim(text.substr(0, sign));
  const auto named = priorities_of(family);
  const auto found = std::ranges::find(named, name, &NamedPriority::name);
  if (found == named.end()) return bad();
  if (sign == std::string_view::npos) return found->value;
  const auto offset = to_number(trim(text.substr(sign + 1)));
  if (!offset || *offset < 0) return bad();
  const std::int64_t sum =
      text[sign] == '-' ? std::int64_t{found->value} - *offset : std::int64_t{found->value} + *offset;
  return std::in_range<int>(sum) ? Result<int>{static_cast<int>(sum)} : bad();
}

std::string to_string(Protocol protocol) { return name_or_number(kProtocols, protocol); }
std::ostream& operator<<(std::ostream& out, Protocol protocol) { return out << to_string(protocol); }

std::string to_string(CtState states) {
  std::string text;
  for (const Named& state : kCtStates) {
    if (!has(states, static_cast<CtState>(state.value))) continue;
    if (!text.empty()) text += ',';
    text += state.name;
  }
  return text;
}

std::string to_string(IcmpType type) { return name_or_number(kIcmpTypes, type); }
std::string to_string(Icmpv6Type type) { return name_or_number(kIcmpv6Types, type); }

}  // namespace netrig::nft
