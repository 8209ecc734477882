#include <netrig/nft/codec/nftnl.h>
#include <netrig/nft/codec/trace_codec.h>

#include <libmnl/libmnl.h>
#include <libnftnl/trace.h>

#include <arpa/inet.h>
#include <cstdint>
#include <span>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

namespace netrig::nft::codec {
namespace {

using NftnlTrace = std::unique_ptr<nftnl_trace, NftnlDeleter<nftnl_trace_free>>;
using Bytes = std::span<const std::uint8_t>;

Bytes data_of(const nftnl_trace* trace, std::uint16_t attribute) {
  std::uint32_t size = 0;
  const auto* data = static_cast<const std::uint8_t*>(nftnl_trace_get_data(trace, attribute, &size));
  return data == nullptr ? Bytes{} : Bytes{data, size};
}

std::uint32_t number_of(const nftnl_trace* trace, std::uint16_t attribute) {
  return nftnl_trace_is_set(trace, attribute) ? nftnl_trace_get_u32(trace, attribute) : 0;
}

std::uint16_t big_endian(Bytes bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

// RFC 1071: the sum of 16-bit words, with its carries; 0 for either zero.
std::uint32_t ones_complement(std::uint32_t sum) {
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return sum == 0xffff ? 0 : sum;
}

// The addresses are all that the checksum covers and these 12 bytes lack, unless there are options.
std::uint32_t sum_of_addresses(Bytes header) {
  std::uint32_t others = big_endian(header, 10);
  for (std::size_t at = 0; at < 10; at += 2) others += big_endian(header, at);
  return ones_complement(0xffff - ones_complement(others));
}

Protocol protocol_of_v4(Bytes header) { return static_cast<Protocol>(header[9]); }

std::optional<Protocol> protocol_of_v6(Bytes header) {
  const auto next = static_cast<Protocol>(header[6]);
  const bool known = next == Protocol::tcp || next == Protocol::udp || next == Protocol::icmpv6;
  return known ? std::optional{next} : std::nullopt;
}

// Of at least kIdentitySize bytes of a header.
constexpr std::size_t kIdentitySize = 12;

std::optional<PacketIdentity> identity_of(Bytes header) {
  if (header[0] >> 4 == 4) {
    return PacketIdentity{.protocol = protocol_of_v4(header),
                          .label = big_endian(header, 4),
                          .length = big_endian(header, 2),
                          .addresses = sum_of_addresses(header)};
  }
  if (header[0] >> 4 != 6) return std::nullopt;
  return PacketIdentity{.protocol = protocol_of_v6(header),
                        .label = (header[1] & 0x0fU) << 16 | big_endian(header, 2),
                        .length = big_endian(header, 4),
                        .addresses = static_cast<std::uint32_t>(big_endian(header, 8)) << 16 | big_endian(header, 10)};
}

// RFC 791 and RFC 8200: where the addresses are, and what follows.
std::optional<TracedPacket> network_header(Bytes header) {
  TracedPacket packet;
  if (header.size() >= 20 && header[0] >> 4 == 4) {
    packet.source = *IpAddress::from_bytes(header.subspan(12, 4));
    packet.destination = *IpAddress::from_bytes(header.subspan(16, 4));
    packet.protocol = protocol_of_v4(header);
  } else if (header.size() >= 40 && header[0] >> 4 == 6) {
    packet.source = *IpAddress::from_bytes(header.subspan(8, 16));
    packet.destination = *IpAddress::from_bytes(header.subspan(24, 16));
    packet.protocol = protocol_of_v6(header);
  } else {
    return std::nullopt;
  }
  packet.identity = *identity_of(header);
  return packet;
}

bool is_echo(bool v4, std::uint8_t type) { return v4 ? type == 0 || type == 8 : type == 128 || type == 129; }

// RFC 792: destination unreachable, time exceeded, parameter problem; RFC 4443 section 2.1. A redirect quotes a packet
// that goes on, and a source quench is obsolete (RFC 6633).
bool is_error(bool v4, std::uint8_t type) { return v4 ? type == 3 || type == 11 || type == 12 : type < 128; }

void add_icmp(TracedPacket& packet, Bytes header) {
  constexpr std::size_t kHeaderSize = 8;
  const bool v4 = packet.protocol == Protocol::icmp;
  packet.icmp = ConntrackIcmp{header[0], header[1], big_endian(header, 4)};
  if (is_echo(v4, header[0])) packet.sequence = big_endian(header, 6);
  // The kernel tells 20 bytes: the quoted header's first 12.
  if (is_error(v4, header[0]) && header.size() >= kHeaderSize + kIdentitySize)
    packet.quoted = identity_of(header.subspan(kHeaderSize));
}

void add_transport(TracedPacket& packet, Bytes header) {
  if (!packet.protocol || header.size() < 8) return;
  if (*packet.protocol == Protocol::icmp || *packet.protocol == Protocol::icmpv6) {
    add_icmp(packet, header);
  } else if (*packet.protocol == Protocol::tcp || *packet.protocol == Protocol::udp) {
    packet.source_port = Port{big_endian(header, 0)};
    packet.destination_port = Port{big_endian(header, 2)};
    if (*packet.protocol == Protocol::tcp && header.size() >= 14) packet.tcp_flags = header[13];
  }
}

std::optional<Verdict> verdict_of(std::int32_t code, const char* chain) {
  using Kind = Verdict::Kind;
  switch (code) {
    case NF_ACCEPT:
      return Verdict{Kind::accept};
    case NF_DROP:
      return Verdict{Kind::drop};
    case NFT_JUMP:
      return Verdict{Kind::jump, chain == nullptr ? "" : chain};
    case NFT_GOTO:
      return Verdict{Kind::go_to, chain == nullptr ? "" : chain};
    case NFT_RETURN:
      return Verdict{Kind::return_to_caller};
    case NFT_CONTINUE:
      return Verdict{Kind::next_rule};
    default:
      return std::nullopt;
  }
}

void add_decision(TraceEvent& event, const nftnl_trace* trace) {
  const std::uint32_t type = number_of(trace, NFTNL_TRACE_TYPE);
  if (type == NFT_TRACETYPE_POLICY) {
    event.kind = TraceEvent::Kind::policy;
    event.verdict = verdict_of(static_cast<std::int32_t>(number_of(trace, NFTNL_TRACE_POLICY)), nullptr);
  } else if (type == NFT_TRACETYPE_RETURN || event.rule == 0) {  // the kernel takes the end of a chain for a rule
    event.kind = TraceEvent::Kind::end;
  } else {
    const char* chain = nftnl_trace_get_str(trace, NFTNL_TRACE_JUMP_TARGET);
    event.verdict = verdict_of(static_cast<std::int32_t>(number_of(trace, NFTNL_TRACE_VERDICT)), chain);
  }
}

}  // namespace

std::optional<TraceEvent> decode_trace(const nlmsghdr* message) {
  if (message->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_TRACE)) return std::nullopt;
  const NftnlTrace trace{nftnl_trace_alloc()};
  if (!trace || nftnl_trace_nlmsg_parse(message, trace.get()) < 0) return std::nullopt;
  TraceEvent event;
  event.packet = number_of(trace.get(), NFTNL_TRACE_ID);
  const char* table = nftnl_trace_get_str(trace.get(), NFTNL_TRACE_TABLE);
  const char* chain = nftnl_trace_get_str(trace.get(), NFTNL_TRACE_CHAIN);
  event.chain = {{static_cast<Family>(number_of(trace.get(), NFTNL_TRACE_FAMILY)), table == nullptr ? "" : table},
                 chain == nullptr ? "" : chain};
  if (nftnl_trace_is_set(trace.get(), NFTNL_TRACE_RULE_HANDLE))
    event.rule = nftnl_trace_get_u64(trace.get(), NFTNL_TRACE_RULE_HANDLE);
  event.incoming = number_of(trace.get(), NFTNL_TRACE_IIF);
  event.outgoing = number_of(trace.get(), NFTNL_TRACE_OIF);
  event.mark = number_of(trace.get(), NFTNL_TRACE_MARK);
  event.headers = network_header(data_of(trace.get(), NFTNL_TRACE_NETWORK_HEADER));
  if (event.headers) add_transport(*event.headers, data_of(trace.get(), NFTNL_TRACE_TRANSPORT_HEADER));
  add_decision(event, trace.get());
  return event;
}

std::optional<std::uint32_t> decode_generation(const nlmsghdr* message) {
  if (message->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWGEN)) return std::nullopt;
  std::optional<std::uint32_t> number;
  const auto look = [](const nlattr* attribute, void* to) {
    if (mnl_attr_get_type(attribute) == NFTA_GEN_ID)
      *static_cast<std::optional<std::uint32_t>*>(to) = ntohl(mnl_attr_get_u32(attribute));
    return MNL_CB_OK;
  };
  mnl_attr_parse(message, sizeof(nfgenmsg), look, &number);
  return number;
}

}  // namespace netrig::nft::codec
