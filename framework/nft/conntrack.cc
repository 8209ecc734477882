#include <netrig/nft/conntrack.h>
#include <netrig/nft/transport.h>

#include <fmt/format.h>
#include <libmnl/libmnl.h>

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <libnetfilter_conntrack/libnetfilter_conntrack.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack_tcp.h>
#include <memory>
#include <new>
#include <ostream>
#include <string_view>
#include <sys/socket.h>

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

namespace netrig::nft {
namespace {

constexpr const char* kListEntries = "list conntrack entries";

struct Free {
  void operator()(nf_conntrack* entry) const noexcept { nfct_destroy(entry); }
};
using Conntrack = std::unique_ptr<nf_conntrack, Free>;

// Which attributes hold one direction.
struct Direction {
  nf_conntrack_attr family;
  nf_conntrack_attr v4_source;
  nf_conntrack_attr v4_destination;
  nf_conntrack_attr v6_source;
  nf_conntrack_attr v6_destination;
  nf_conntrack_attr source_port;
  nf_conntrack_attr destination_port;
};
constexpr Direction kOriginal = {ATTR_ORIG_L3PROTO,  ATTR_ORIG_IPV4_SRC, ATTR_ORIG_IPV4_DST, ATTR_ORIG_IPV6_SRC,
                                 ATTR_ORIG_IPV6_DST, ATTR_ORIG_PORT_SRC, ATTR_ORIG_PORT_DST};
constexpr Direction kReply = {ATTR_REPL_L3PROTO,  ATTR_REPL_IPV4_SRC, ATTR_REPL_IPV4_DST, ATTR_REPL_IPV6_SRC,
                              ATTR_REPL_IPV6_DST, ATTR_REPL_PORT_SRC, ATTR_REPL_PORT_DST};

IpAddress address(const nf_conntrack* from, nf_conntrack_attr attribute, std::size_t size) {
  const auto* bytes = static_cast<const std::uint8_t*>(nfct_get_attr(from, attribute));
  return bytes == nullptr ? IpAddress{} : IpAddress::from_bytes({bytes, size}).value_or(IpAddress{});
}

std::optional<Port> port(const nf_conntrack* from, nf_conntrack_attr attribute) {
  if (nfct_attr_is_set(from, attribute) <= 0) return std::nullopt;
  return Port{ntohs(nfct_get_attr_u16(from, attribute))};
}

ConntrackTuple tuple(const nf_conntrack* from, const Direction& direction) {
  const bool v4 = nfct_get_attr_u8(from, direction.family) == AF_INET;
  return {.source = v4 ? address(from, direction.v4_source, 4) : address(from, direction.v6_source, 16),
          .destination = v4 ? address(from, direction.v4_destination, 4) : address(from, direction.v6_destination, 16),
          .source_port = port(from, direction.source_port),
          .destination_port = port(from, direction.destination_port)};
}

// What a tuple says of ICMP. The library gives it of the original direction alone, so it is read from the message.
void read_icmp(std::optional<ConntrackIcmp>& icmp, std::uint16_t type, const nlattr* attribute) {
  ConntrackIcmp read = icmp.value_or(ConntrackIcmp{});
  switch (type) {
    case CTA_PROTO_ICMP_ID:
    case CTA_PROTO_ICMPV6_ID:
      read.id = ntohs(mnl_attr_get_u16(attribute));
      break;
    case CTA_PROTO_ICMP_TYPE:
    case CTA_PROTO_ICMPV6_TYPE:
      read.type = mnl_attr_get_u8(attribute);
      break;
    case CTA_PROTO_ICMP_CODE:
    case CTA_PROTO_ICMPV6_CODE:
      read.code = mnl_attr_get_u8(attribute);
      break;
    default:
      return;
  }
  icmp = read;
}

int read_protocol_part(const nlattr* attribute, void* tuple) {
  read_icmp(static_cast<ConntrackTuple*>(tuple)->icmp, mnl_attr_get_type(attribute), attribute);
  return MNL_CB_OK;
}

int read_tuple_part(const nlattr* attribute, void* tuple) {
  if (mnl_attr_get_type(attribute) != CTA_TUPLE_PROTO) return MNL_CB_OK;
  return mnl_attr_parse_nested(attribute, read_protocol_part, tuple);
}

int read_entry_part(const nlattr* attribute, void* context) {
  auto& entry = *static_cast<ConntrackEntry*>(context);
  const std::uint16_t type = mnl_attr_get_type(attribute);
  if (type == CTA_TUPLE_ORIG) return mnl_attr_parse_nested(attribute, read_tuple_part, &entry.original);
  if (type == CTA_TUPLE_REPLY) return mnl_attr_parse_nested(attribute, read_tuple_part, &entry.reply);
  return MNL_CB_OK;
}

std::string tcp_state(std::uint8_t state) {
  constexpr std::array<std::string_view, 10> kStates = {"NONE",     "SYN_SENT",   "SYN_RECV", "ESTABLISHED",
                                                        "FIN_WAIT", "CLOSE_WAIT", "LAST_ACK", "TIME_WAIT",
                                                        "CLOSE",    "SYN_SENT2"};
  return state < kStates.size() ? std::string{kStates.at(state)} : std::to_string(state);
}

ConntrackEntry read_entry(const nf_conntrack* from) {
  const std::uint32_t status = nfct_get_attr_u32(from, ATTR_STATUS);
  ConntrackEntry entry{.protocol = static_cast<Protocol>(nfct_get_attr_u8(from, ATTR_ORIG_L4PROTO)),
                       .original = tuple(from, kOriginal),
                       .reply = tuple(from, kReply)};
  if (entry.protocol == Protocol::tcp) entry.tcp_state = tcp_state(nfct_get_attr_u8(from, ATTR_TCP_STATE));
  if (nfct_attr_is_set(from, ATTR_TIMEOUT) > 0) entry.timeout = nfct_get_attr_u32(from, ATTR_TIMEOUT);
  entry.mark = nfct_get_attr_u32(from, ATTR_MARK);
  entry.id = ntohl(nfct_get_attr_u32(from, ATTR_ID));
  entry.seen_reply = (status & IPS_SEEN_REPLY) != 0;
  entry.assured = (status & IPS_ASSURED) != 0;
  entry.source_nat = (status & IPS_SRC_NAT) != 0;
  entry.destination_nat = (status & IPS_DST_NAT) != 0;
  return entry;
}

std::string tuple_text(const ConntrackTuple& tuple) {
  std::string text = fmt::format("src={} dst={} ", tuple.source.to_string(), tuple.destination.to_string());
  if (tuple.source_port && tuple.destination_port) {
    text += fmt::format("sport={} dport={} ", tuple.source_port->value(), tuple.destination_port->value());
  }
  if (tuple.icmp) text += fmt::format("type={} code={} id={} ", tuple.icmp->type, tuple.icmp->code, tuple.icmp->id);
  return text;
}

// conntrack(8) knows protocols by other names than nft does.
std::string protocol_text(Protocol protocol) { return protocol == Protocol::icmpv6 ? "icmpv6" : to_string(protocol); }

}  // namespace

std::string to_string(const ConntrackEntry& entry) {
  std::string text = fmt::format("{:<8} {} ", protocol_text(entry.protocol), static_cast<unsigned>(entry.protocol));
  if (entry.timeout) text += fmt::format("{} ", *entry.timeout);
  if (!entry.tcp_state.empty()) text += entry.tcp_state + ' ';
  text += tuple_text(entry.original);
  if (!entry.seen_reply) text += "[UNREPLIED] ";
  text += tuple_text(entry.reply);
  if (entry.assured) text += "[ASSURED] ";
  return text + fmt::format("mark={}", entry.mark);
}

std::ostream& operator<<(std::ostream& out, const ConntrackEntry& entry) { return out << to_string(entry); }

Result<std::vector<ConntrackEntry>> list_conntrack(NfSocket& socket) {
  const auto request = [](char* room, std::uint32_t sequence) {
    nlmsghdr* made = mnl_nlmsg_put_header(room);
    made->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET;
    made->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    made->nlmsg_seq = sequence;
    auto* body = static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(made, sizeof(nfgenmsg)));
    body->nfgen_family = AF_UNSPEC;
    body->version = NFNETLINK_V0;
    return made;
  };
  std::vector<ConntrackEntry> entries;
  for (const Buffer& message : NETRIG_TRY(dump(socket, kListEntries, request))) {
    const Conntrack entry{nfct_new()};
    if (!entry) throw std::bad_alloc{};
    if (nfct_nlmsg_parse(header(message), entry.get()) < 0) {
      return fail(Error::from_errno(kListEntries, socket.label(), EBADMSG));
    }
    entries.push_back(read_entry(entry.get()));
    mnl_attr_parse(header(message), sizeof(nfgenmsg), read_entry_part, &entries.back());
  }
  return entries;
}

}  // namespace netrig::nft
