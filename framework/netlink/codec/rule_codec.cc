#include <netrig/netlink/codec/attributes.h>
#include <netrig/netlink/codec/rule_codec.h>

#include <sys/socket.h>

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

namespace netrig::netlink::codec {
namespace {

void put_prefix(Buffer& buffer, int type, const std::optional<IpPrefix>& prefix) {
  if (!prefix || prefix->length() == 0) return;
  const IpAddress network = prefix->address();
  buffer.put_bytes(type, network.bytes());
}

void put_ports(Buffer& buffer, int type, const std::optional<PortRange>& ports) {
  if (ports) buffer.put(type, fib_rule_port_range{ports->first, ports->last});
}

std::optional<PortRange> read_ports(const nlattr* attribute) {
  if (attribute == nullptr) return std::nullopt;
  const auto range = read_struct<fib_rule_port_range>(attribute);
  return PortRange{range.start, range.end};
}

/// A missing attribute matches everything.
std::optional<IpPrefix> read_selector(int family, const nlattr* attribute, std::uint8_t length) {
  return attribute == nullptr ? std::nullopt : read_prefix(family, attribute, length);
}

std::optional<InterfaceName> read_name(const nlattr* attribute) {
  if (attribute == nullptr) return std::nullopt;
  const auto name = InterfaceName::parse(read_text(attribute));
  return name ? std::optional{*name} : std::nullopt;
}

fib_rule_hdr header_of(const Rule& rule) {
  fib_rule_hdr header{};
  header.family = rule.family == AddressFamily::ipv4 ? AF_INET : AF_INET6;
  header.dst_len = static_cast<std::uint8_t>(rule.to ? rule.to->length() : 0);
  header.src_len = static_cast<std::uint8_t>(rule.from ? rule.from->length() : 0);
  header.tos = rule.tos;
  header.action = static_cast<std::uint8_t>(rule.action);
  if (rule.invert) header.flags |= FIB_RULE_INVERT;
  const bool looks_up = rule.action == RuleAction::lookup && !rule.l3mdev;
  header.table = static_cast<std::uint8_t>(looks_up && rule.table < 256 ? rule.table : RT_TABLE_UNSPEC);
  return header;
}

}  // namespace

void encode_rule(Buffer& buffer, int type, int flags, const Rule& rule, Resolver&) {
  Message message{buffer, type, flags | NLM_F_ACK, header_of(rule)};
  buffer.put_optional(FRA_PRIORITY, rule.priority);
  put_prefix(buffer, FRA_SRC, rule.from);
  put_prefix(buffer, FRA_DST, rule.to);
  if (rule.incoming) buffer.put_text(FRA_IIFNAME, rule.incoming->view());
  if (rule.outgoing) buffer.put_text(FRA_OIFNAME, rule.outgoing->view());
  buffer.put_optional(FRA_FWMARK, rule.mark);
  buffer.put_optional(FRA_FWMASK, rule.mark_mask);
  buffer.put_optional(FRA_IP_PROTO, rule.ip_protocol);
  put_ports(buffer, FRA_SPORT_RANGE, rule.source_ports);
  put_ports(buffer, FRA_DPORT_RANGE, rule.destination_ports);
  if (rule.uid_first) {
    buffer.put(FRA_UID_RANGE, fib_rule_uid_range{*rule.uid_first, rule.uid_last.value_or(*rule.uid_first)});
  }
  if (rule.l3mdev) buffer.put(FRA_L3MDEV, std::uint8_t{1});
  if (rule.action == RuleAction::lookup && !rule.l3mdev && rule.table >= 256) buffer.put(FRA_TABLE, rule.table);
  buffer.put_optional(FRA_GOTO, rule.goto_priority);
  buffer.put_optional(FRA_SUPPRESS_PREFIXLEN, rule.suppress_prefix_length);
  if (rule.protocol != RouteProtocol::unspecified) buffer.put(FRA_PROTOCOL, rule.protocol);
}

void encode_rule_dump(Buffer& buffer, AddressFamily family) {
  fib_rule_hdr header{};
  header.family = family == AddressFamily::ipv4 ? AF_INET : AF_INET6;
  Message message{buffer, RTM_GETRULE, NLM_F_DUMP, header};
}

std::optional<Rule> decode_rule(const nlmsghdr* message) {
  const Attributes<FRA_MAX> attributes{message, sizeof(fib_rule_hdr)};
  const auto header = read_header<fib_rule_hdr>(message);
  if (!attributes.valid() || (header.family != AF_INET && header.family != AF_INET6)) return std::nullopt;
  Rule rule{.family = header.family == AF_INET ? AddressFamily::ipv4 : AddressFamily::ipv6,
            .priority = attributes.u32(FRA_PRIORITY),
            .invert = (header.flags & FIB_RULE_INVERT) != 0,
            .from = read_selector(header.family, attributes[FRA_SRC], header.src_len),
            .to = read_selector(header.family, attributes[FRA_DST], header.dst_len),
            .incoming = read_name(attributes[FRA_IIFNAME]),
            .outgoing = read_name(attributes[FRA_OIFNAME]),
            .mark = attributes.u32(FRA_FWMARK),
            .mark_mask = attributes.u32(FRA_FWMASK),
            .tos = header.tos,
            .ip_protocol = attributes.u8(FRA_IP_PROTO),
            .source_ports = read_ports(attributes[FRA_SPORT_RANGE]),
            .destination_ports = read_ports(attributes[FRA_DPORT_RANGE]),
            .l3mdev = attributes.u8(FRA_L3MDEV).value_or(0) != 0,
            .action = RuleAction{header.action},
            .table = attributes.u32(FRA_TABLE).value_or(header.table),
            .goto_priority = attributes.u32(FRA_GOTO),
            .suppress_prefix_length = attributes.u32(FRA_SUPPRESS_PREFIXLEN),
            .protocol = RouteProtocol{attributes.u8(FRA_PROTOCOL).value_or(0)}};
  if (rule.mark_mask == 0xFFFFFFFFU) rule.mark_mask = std::nullopt;
  if (rule.suppress_prefix_length == 0xFFFFFFFFU) rule.suppress_prefix_length = std::nullopt;
  if (attributes.has(FRA_UID_RANGE)) {
    const auto range = read_struct<fib_rule_uid_range>(attributes[FRA_UID_RANGE]);
    rule.uid_first = range.start;
    rule.uid_last = range.end;
  }
  return rule;
}

std::string describe_rule(const nlmsghdr* message) {
  auto rule = decode_rule(message);
  if (!rule) return "rule";
  const auto priority = rule->priority;
  const std::string listed = rule->to_string();
  std::string text = "rule " + listed.substr(listed.find('\t') + 1);
  if (priority) text += " priority " + std::to_string(*priority);
  return text;
}

}  // namespace netrig::netlink::codec
