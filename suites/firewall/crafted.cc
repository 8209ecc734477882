#include <netrig/base/unique_fd.h>
#include <netrig/suites/firewall/crafted.h>

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <span>
#include <sys/socket.h>

namespace netrig::office {

namespace {

constexpr std::uint8_t kHops = 64;
constexpr std::uint8_t kNeighbourHops = 255;

void put(Packet& packet, std::uint32_t value, int bytes) {
  while (bytes-- > 0) packet.push_back(static_cast<std::uint8_t>(value >> (8 * bytes)));
}

void put(Packet& packet, const IpAddress& address) {
  const auto bytes = address.bytes();
  packet.insert(packet.end(), bytes.begin(), bytes.end());
}

// RFC 1071
std::uint16_t checksum(std::span<const std::uint8_t> bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) sum += static_cast<std::uint32_t>(bytes[i]) << (i % 2 == 0 ? 8 : 0);
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

void set_checksum(Packet& packet, std::size_t at, std::uint16_t sum) {
  packet[at] = static_cast<std::uint8_t>(sum >> 8);
  packet[at + 1] = static_cast<std::uint8_t>(sum);
}

// RFC 791 section 3.1, RFC 8200 section 3
Packet with_header(const IpAddress& from, const IpAddress& to, std::uint8_t protocol, std::uint8_t hops,
                   const Packet& content) {
  Packet packet;
  const auto size = static_cast<std::uint32_t>(content.size());
  if (from.is_v4()) {
    put(packet, 0x45000000 + 20 + size, 4);
    put(packet, 0x00004000, 4);
    put(packet, (std::uint32_t{hops} << 24) + (std::uint32_t{protocol} << 16), 4);
  } else {
    put(packet, 0x60000000, 4);
    put(packet, (size << 16) + (std::uint32_t{protocol} << 8) + hops, 4);
  }
  put(packet, from);
  put(packet, to);
  if (from.is_v4()) set_checksum(packet, 10, checksum(packet));
  packet.insert(packet.end(), content.begin(), content.end());
  return packet;
}

// Over the pseudo-header too (RFC 9293 section 3.1, RFC 8200 section 8.1): its parts in any order give the same sum.
void fill_checksum(Packet& content, std::size_t at, const IpAddress& from, const IpAddress& to, std::uint8_t protocol) {
  Packet sum;
  put(sum, from);
  put(sum, to);
  put(sum, protocol, 4);
  put(sum, static_cast<std::uint32_t>(content.size()), 4);
  sum.insert(sum.end(), content.begin(), content.end());
  set_checksum(content, at, checksum(sum));
}

}  // namespace

Packet tcp_packet(const IpAddress& from, const IpAddress& to, std::uint16_t port, std::uint8_t flags) {
  Packet segment;
  put(segment, kCraftedPort, 2);
  put(segment, port, 2);
  put(segment, 1, 4);                // sequence number
  put(segment, 0, 4);                // acknowledgement
  put(segment, 0x5000U + flags, 2);  // five words of header
  put(segment, 0xffff, 2);           // window
  put(segment, 0, 4);                // checksum, urgent pointer
  fill_checksum(segment, 16, from, to, IPPROTO_TCP);
  return with_header(from, to, IPPROTO_TCP, kHops, segment);
}

Packet udp_packet(const IpAddress& from, const IpAddress& to, std::uint16_t from_port, std::uint16_t port) {
  constexpr std::uint32_t kHeader = 8;
  Packet datagram;
  put(datagram, from_port, 2);
  put(datagram, port, 2);
  put(datagram, kHeader, 2);
  put(datagram, 0, 2);
  fill_checksum(datagram, 6, from, to, IPPROTO_UDP);
  return with_header(from, to, IPPROTO_UDP, kHops, datagram);
}

Packet neighbour_solicitation(const IpAddress& from, const IpAddress& target) {
  constexpr std::uint32_t kSolicitation = 135;
  auto group = *IpAddress::parse("ff02::1:ff00:0");
  Packet group_bytes{group.bytes().begin(), group.bytes().end()};
  std::copy_n(target.bytes().end() - 3, 3, group_bytes.end() - 3);
  const auto to = *IpAddress::from_bytes(group_bytes);
  Packet message;
  put(message, kSolicitation << 24, 4);
  put(message, 0, 4);
  put(message, target);
  fill_checksum(message, 2, from, to, IPPROTO_ICMPV6);
  return with_header(from, to, IPPROTO_ICMPV6, kNeighbourHops, message);
}

void send_frame(const Node& node, int interface, const MacAddress& to, const Packet& packet) {
  const UniqueFd socket{node.run([] { return ::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0); })};
  if (!socket) throw SetupError{Error::from_errno("open a packet socket", node.name(), errno)};
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(packet[0] >> 4 == 4 ? ETHERTYPE_IP : ETHERTYPE_IPV6);
  address.sll_ifindex = interface;
  address.sll_halen = ETH_ALEN;
  std::ranges::copy(to.bytes(), address.sll_addr);
  if (::sendto(socket.get(), packet.data(), packet.size(), 0, reinterpret_cast<const sockaddr*>(&address),
               sizeof address) < 0)
    throw SetupError{Error::from_errno("send a frame", node.name(), errno)};
}

}  // namespace netrig::office
