// Read with libmnl alone: libnetfilter_conntrack ends the whole process by exit(3) when a message is not as it expects.
#include <netrig/nft/codec/message.h>

#include <libmnl/libmnl.h>

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

namespace netrig::nft::codec {
namespace {

/// Calls `visit(type, attribute)` for each whole attribute in a nest.
template <class Visit>
void visit_nest(const nlattr* nest, Visit visit) {
  const auto pass_on = [](const nlattr* attribute, void* context) {
    (*static_cast<Visit*>(context))(mnl_attr_get_type(attribute), attribute);
    return MNL_CB_OK;
  };
  mnl_attr_parse_nested(nest, pass_on, &visit);
}

/// A number as it is in the message: zero where the attribute is too short.
template <class T>
T read(const nlattr* attribute) {
  T value{};
  if (mnl_attr_get_payload_len(attribute) >= sizeof value) {
    std::memcpy(&value, mnl_attr_get_payload(attribute), sizeof value);
  }
  return value;
}

IpAddress read_address(const nlattr* attribute) {
  const auto* bytes = static_cast<const std::uint8_t*>(mnl_attr_get_payload(attribute));
  return IpAddress::from_bytes({bytes, mnl_attr_get_payload_len(attribute)}).value_or(IpAddress{});
}

Port read_port(const nlattr* attribute) { return Port{ntohs(read<std::uint16_t>(attribute))}; }

void read_addresses(ConntrackTuple& tuple, std::uint16_t type, const nlattr* attribute) {
  if (type == CTA_IP_V4_SRC || type == CTA_IP_V6_SRC) tuple.source = read_address(attribute);
  if (type == CTA_IP_V4_DST || type == CTA_IP_V6_DST) tuple.destination = read_address(attribute);
}

void read_icmp(std::optional<ConntrackIcmp>& icmp, std::uint16_t type, const nlattr* attribute) {
  ConntrackIcmp seen = icmp.value_or(ConntrackIcmp{});
  switch (type) {
    case CTA_PROTO_ICMP_ID:
    case CTA_PROTO_ICMPV6_ID:
      seen.id = ntohs(read<std::uint16_t>(attribute));
      break;
    case CTA_PROTO_ICMP_TYPE:
    case CTA_PROTO_ICMPV6_TYPE:
      seen.type = read<std::uint8_t>(attribute);
      break;
    case CTA_PROTO_ICMP_CODE:
    case CTA_PROTO_ICMPV6_CODE:
      seen.code = read<std::uint8_t>(attribute);
      break;
    default:
      return;
  }
  icmp = seen;
}

/// Returns the protocol's number through `protocol`, which both directions have in common.
void read_tuple(ConntrackTuple& tuple, Protocol& protocol, const nlattr* nest) {
  visit_nest(nest, [&](std::uint16_t part, const nlattr* attributes) {
    visit_nest(attributes, [&](std::uint16_t type, const nlattr* attribute) {
      if (part == CTA_TUPLE_IP) return read_addresses(tuple, type, attribute);
      if (part != CTA_TUPLE_PROTO) return;
      if (type == CTA_PROTO_NUM) protocol = static_cast<Protocol>(read<std::uint8_t>(attribute));
      if (type == CTA_PROTO_SRC_PORT) tuple.source_port = read_port(attribute);
      if (type == CTA_PROTO_DST_PORT) tuple.destination_port = read_port(attribute);
      read_icmp(tuple.icmp, type, attribute);
    });
  });
}

std::string tcp_state(std::uint8_t state) {
  constexpr std::array<std::string_view, 10> kStates = {"NONE",     "SYN_SENT",   "SYN_RECV", "ESTABLISHED",
                                                        "FIN_WAIT", "CLOSE_WAIT", "LAST_ACK", "TIME_WAIT",
                                                        "CLOSE",    "SYN_SENT2"};
  return state < kStates.size() ? std::string{kStates.at(state)} : std::to_string(state);
}

void read_protocol_state(ConntrackEntry& entry, const nlattr* nest) {
  visit_nest(nest, [&](std::uint16_t protocol, const nlattr* attributes) {
    if (protocol != CTA_PROTOINFO_TCP) return;
    visit_nest(attributes, [&](std::uint16_t type, const nlattr* attribute) {
      if (type == CTA_PROTOINFO_TCP_STATE) entry.tcp_state = tcp_state(read<std::uint8_t>(attribute));
    });
  });
}

void read_status(ConntrackEntry& entry, std::uint32_t status) {
  entry.seen_reply = (status & IPS_SEEN_REPLY) != 0;
  entry.assured = (status & IPS_ASSURED) != 0;
  entry.source_nat = (status & IPS_SRC_NAT) != 0;
  entry.destination_nat = (status & IPS_DST_NAT) != 0;
}

void read_part(ConntrackEntry& entry, std::uint16_t type, const nlattr* attribute) {
  const auto number = [attribute] { return ntohl(read<std::uint32_t>(attribute)); };
  switch (type) {
    case CTA_TUPLE_ORIG:
      return read_tuple(entry.original, entry.protocol, attribute);
    case CTA_TUPLE_REPLY:
      return read_tuple(entry.reply, entry.protocol, attribute);
    case CTA_STATUS:
      return read_status(entry, number());
    case CTA_PROTOINFO:
      return read_protocol_state(entry, attribute);
    case CTA_TIMEOUT:
      entry.timeout = number();
      return;
    case CTA_MARK:
      entry.mark = number();
      return;
    case CTA_ID:
      entry.id = number();
      return;
    default:
      return;
  }
}

}  // namespace

Result<ConntrackEntry> decode_conntrack(const Buffer& message) {
  ConntrackEntry entry;
  const auto take = [](const nlattr* attribute, void* context) {
    read_part(*static_cast<ConntrackEntry*>(context), mnl_attr_get_type(attribute), attribute);
    return MNL_CB_OK;
  };
  if (mnl_attr_parse(header(message), sizeof(nfgenmsg), take, &entry) < 0) {
    return fail(Error::from_errno("read a connection", "", EBADMSG));
  }
  return entry;
}

}  // namespace netrig::nft::codec
