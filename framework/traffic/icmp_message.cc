#include <netrig/traffic/icmp_message.h>

#include <fmt/format.h>

#include <algorithm>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>

namespace netrig::traffic {

namespace {

constexpr std::size_t kHeaderSize = 8;

std::uint16_t read16(std::span<const std::uint8_t> bytes, std::size_t at) {
  return static_cast<std::uint16_t>((bytes[at] << 8) | bytes[at + 1]);
}

void write16(std::span<std::uint8_t> bytes, std::size_t at, std::uint16_t value) {
  bytes[at] = static_cast<std::uint8_t>(value >> 8);
  bytes[at + 1] = static_cast<std::uint8_t>(value);
}

// RFC 1071
std::uint16_t checksum(std::span<const std::uint8_t> bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) sum += read16(bytes, i);
  if (bytes.size() % 2 != 0) sum += static_cast<std::uint32_t>(bytes.back() << 8);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

bool is_error(AddressFamily family, std::uint8_t type) {
  if (family == AddressFamily::ipv6) return type < ICMP6_INFOMSG_MASK;
  return type == ICMP_DEST_UNREACH || type == ICMP_TIME_EXCEEDED || type == ICMP_PARAMETERPROB;
}

// Our request within an error message: IP header, ICMP header. The sequence number when it is ours.
std::optional<std::uint16_t> quoted_sequence(const IpAddress& destination, std::uint16_t id,
                                             std::span<const std::uint8_t> quoted) {
  const bool v4 = destination.is_v4();
  const std::size_t least = v4 ? sizeof(iphdr) : sizeof(ip6_hdr);
  if (quoted.size() < least + kHeaderSize) return std::nullopt;
  const std::size_t header = v4 ? static_cast<std::size_t>(quoted[0] & 0x0fU) * 4 : sizeof(ip6_hdr);
  const std::uint8_t protocol = v4 ? quoted[9] : quoted[6];
  if (header < least || quoted.size() < header + kHeaderSize) return std::nullopt;
  if (protocol != (v4 ? int{IPPROTO_ICMP} : int{IPPROTO_ICMPV6})) return std::nullopt;
  const auto to = destination.bytes();
  if (!std::ranges::equal(to, quoted.subspan(v4 ? 16 : 24, to.size()))) return std::nullopt;
  const auto icmp = quoted.subspan(header);
  if (icmp[0] != (v4 ? ICMP_ECHO : ICMP6_ECHO_REQUEST) || read16(icmp, 4) != id) return std::nullopt;
  return read16(icmp, 6);
}

std::uint32_t mtu_of(AddressFamily family, std::uint8_t type, std::uint8_t code,
                     std::span<const std::uint8_t> message) {
  if (family == AddressFamily::ipv4)
    return type == ICMP_DEST_UNREACH && code == ICMP_FRAG_NEEDED ? read16(message, 6) : 0;
  if (type != ICMP6_PACKET_TOO_BIG) return 0;
  return (static_cast<std::uint32_t>(read16(message, 4)) << 16) | read16(message, 6);
}

}  // namespace

std::vector<std::uint8_t> echo_request(AddressFamily family, std::uint16_t id, std::uint16_t sequence,
                                       std::size_t size) {
  std::vector<std::uint8_t> message(kHeaderSize + size);
  message[0] = family == AddressFamily::ipv4 ? ICMP_ECHO : ICMP6_ECHO_REQUEST;
  write16(message, 4, id);
  write16(message, 6, sequence);
  for (std::size_t i = 0; i < size; ++i) message[kHeaderSize + i] = static_cast<std::uint8_t>(i);
  if (family == AddressFamily::ipv4) write16(message, 2, checksum(message));
  return message;
}

std::optional<EchoAnswer> read_answer(const IpAddress& destination, std::uint16_t id,
                                      std::span<const std::uint8_t> message) {
  if (message.size() < kHeaderSize) return std::nullopt;
  const bool v4 = destination.is_v4();
  EchoAnswer answer;
  answer.type = message[0];
  answer.code = message[1];
  if (answer.type == (v4 ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY)) {
    if (read16(message, 4) != id) return std::nullopt;
    answer.is_reply = true;
    answer.sequence = read16(message, 6);
    return answer;
  }
  if (!is_error(destination.family(), answer.type)) return std::nullopt;
  const auto sequence = quoted_sequence(destination, id, message.subspan(kHeaderSize));
  if (!sequence) return std::nullopt;
  answer.sequence = *sequence;
  answer.mtu = mtu_of(destination.family(), answer.type, answer.code, message);
  return answer;
}

namespace {

std::string describe_v4(std::uint8_t type, std::uint8_t code, std::uint32_t mtu) {
  if (type == ICMP_TIME_EXCEEDED)
    return code == ICMP_EXC_TTL ? "Time to live exceeded" : "Frag reassembly time exceeded";
  if (type != ICMP_DEST_UNREACH) return fmt::format("ICMP type {} code {}", type, code);
  switch (code) {
    case ICMP_NET_UNREACH:
      return "Destination Net Unreachable";
    case ICMP_HOST_UNREACH:
      return "Destination Host Unreachable";
    case ICMP_PROT_UNREACH:
      return "Destination Protocol Unreachable";
    case ICMP_PORT_UNREACH:
      return "Destination Port Unreachable";
    case ICMP_FRAG_NEEDED:
      return fmt::format("Frag needed and DF set (mtu = {})", mtu);
    case ICMP_NET_ANO:
      return "Destination Net Prohibited";
    case ICMP_HOST_ANO:
      return "Destination Host Prohibited";
    case ICMP_PKT_FILTERED:
      return "Packet filtered";
    default:
      return fmt::format("Dest Unreachable, Bad Code: {}", code);
  }
}

std::string describe_v6(std::uint8_t type, std::uint8_t code, std::uint32_t mtu) {
  if (type == ICMP6_TIME_EXCEEDED)
    return code == 0 ? "Time exceeded: Hop limit" : "Time exceeded: Defragmentation failure";
  if (type == ICMP6_PACKET_TOO_BIG) return fmt::format("Packet too big: mtu={}", mtu);
  if (type != ICMP6_DST_UNREACH) return fmt::format("ICMPv6 type {} code {}", type, code);
  switch (code) {
    case ICMP6_DST_UNREACH_NOROUTE:
      return "Destination unreachable: No route";
    case ICMP6_DST_UNREACH_ADMIN:
      return "Destination unreachable: Administratively prohibited";
    case ICMP6_DST_UNREACH_BEYONDSCOPE:
      return "Destination unreachable: Beyond scope of source address";
    case ICMP6_DST_UNREACH_ADDR:
      return "Destination unreachable: Address unreachable";
    case ICMP6_DST_UNREACH_NOPORT:
      return "Destination unreachable: Port unreachable";
    default:
      return fmt::format("Destination unreachable: code {}", code);
  }
}

}  // namespace

std::string describe_icmp(AddressFamily family, std::uint8_t type, std::uint8_t code, std::uint32_t mtu) {
  return family == AddressFamily::ipv4 ? describe_v4(type, code, mtu) : describe_v6(type, code, mtu);
}

}  // namespace netrig::traffic
