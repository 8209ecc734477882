#include <netrig/base/unique_fd.h>
#include <netrig/suites/nat/raw_packet.h>

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/ip6.h>
#include <span>
#include <sys/socket.h>

namespace netrig {
namespace {

in6_addr address_of(const Node& node) {
  const auto bytes = node.address(AddressFamily::ipv6).v6().bytes();
  in6_addr address{};
  std::memcpy(&address, bytes.data(), sizeof address);
  return address;
}

// One by one: GCC 12 takes a range that is inserted for one that is too large, where it inlines all of it (-O3).
void append(std::vector<std::uint8_t>& packet, const void* bytes, std::size_t size) {
  const std::span added{static_cast<const std::uint8_t*>(bytes), size};
  for (const auto byte : added) packet.push_back(byte);
}

std::vector<std::uint8_t> header(const Node& from, const Node& to, std::uint8_t next, std::size_t size) {
  ip6_hdr ip{};
  ip.ip6_flow = htonl(6U << 28U);
  ip.ip6_plen = htons(static_cast<std::uint16_t>(size));
  ip.ip6_nxt = next;
  ip.ip6_hlim = 64;
  ip.ip6_src = address_of(from);
  ip.ip6_dst = address_of(to);
  std::vector<std::uint8_t> packet;
  append(packet, &ip, sizeof ip);
  return packet;
}

std::uint32_t sum_of(std::span<const std::uint8_t> bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) sum += bytes[i] * 256U + bytes[i + 1];
  return sum;
}

// Over a pseudo-header too (RFC 8200 8.1). The length of `message` is even.
void put_checksum(std::vector<std::uint8_t>& message, std::size_t at, const Node& from, const Node& to,
                  std::uint8_t protocol) {
  const auto ip = header(from, to, protocol, message.size());
  const auto addresses = std::span{ip}.subspan(8);
  auto sum = sum_of(addresses) + static_cast<std::uint32_t>(message.size()) + protocol + sum_of(message);
  while (sum > 0xffffU) sum = (sum & 0xffffU) + (sum >> 16U);
  message[at] = static_cast<std::uint8_t>(~sum >> 8U);
  message[at + 1] = static_cast<std::uint8_t>(~sum);
}

}  // namespace

void send_ipv6(const Node& from, const Node& to, std::uint8_t next_header, std::vector<std::uint8_t> content) {
  auto packet = header(from, to, next_header, content.size());
  append(packet, content.data(), content.size());
  sockaddr_in6 destination{};
  destination.sin6_family = AF_INET6;
  destination.sin6_addr = address_of(to);
  const UniqueFd socket{from.run([] { return ::socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW); })};
  if (::sendto(socket.get(), packet.data(), packet.size(), 0, reinterpret_cast<const sockaddr*>(&destination),
               sizeof destination) < 0) {
    throw SetupError{Error::from_errno(fmt::format("send protocol {}", next_header), to.name(), errno)};
  }
}

std::vector<std::uint8_t> routing_header_0() {
  std::vector<std::uint8_t> bytes(24);
  bytes[0] = 59;  // no next header
  bytes[1] = 2;   // 8-byte units after the first
  return bytes;
}

std::vector<std::uint8_t> authenticated_datagram(const Node& from, const Node& to) {
  std::vector<std::uint8_t> udp = {0x12, 0x34, 0, 9, 0, 8, 0, 0};
  put_checksum(udp, 6, from, to, 17);
  std::vector<std::uint8_t> bytes(24);
  bytes[0] = 17;
  bytes[1] = 4;  // 4-byte units after the first two
  append(bytes, udp.data(), udp.size());
  return bytes;
}

std::vector<std::uint8_t> port_unreachable_about(const Node& from, const Node& to) {
  const std::vector<std::uint8_t> udp = {0x12, 0x34, 0x56, 0x78, 0, 8, 0, 0};
  std::vector<std::uint8_t> message = {1, 4, 0, 0, 0, 0, 0, 0};
  const auto inner = header(to, from, 17, udp.size());
  append(message, inner.data(), inner.size());
  append(message, udp.data(), udp.size());
  put_checksum(message, 2, from, to, 58);
  return message;
}

}  // namespace netrig
