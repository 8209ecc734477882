#include <netrig/base/deadline.h>
#include <netrig/base/scope_exit.h>
#include <netrig/base/unique_fd.h>
#include <netrig/bench/raw_ping.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <sched.h>
#include <sys/socket.h>

namespace netrig::bench {

namespace {

constexpr std::chrono::milliseconds kReplyPatience{500};
constexpr std::uint16_t kIdentifier = 0x6e72;

Result<UniqueFd> open_in(int network, int family, int protocol) {
  const UniqueFd home{open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)};
  if (!home || setns(network, CLONE_NEWNET) != 0) return fail(Error::from_errno("enter a namespace", {}, errno));
  const ScopeExit go_home{[&] { setns(home.get(), CLONE_NEWNET); }};
  UniqueFd socket{::socket(family, SOCK_RAW | SOCK_CLOEXEC, protocol)};
  if (!socket) return fail(Error::from_errno("open a raw socket", {}, errno));
  return socket;
}

// The Internet checksum of an otherwise empty echo header (RFC 1071).
std::uint16_t checksum(const icmphdr& header) {
  std::array<std::uint16_t, sizeof header / 2> words{};
  std::memcpy(words.data(), &header, sizeof header);
  std::uint32_t sum = 0;
  for (const auto word : words) sum += word;
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

ssize_t send_request(int socket, const RawAddress& target) {
  if (target.family == AF_INET) {
    icmphdr request{};
    request.type = ICMP_ECHO;
    request.un.echo.id = kIdentifier;
    request.checksum = checksum(request);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    std::memcpy(&to.sin_addr, target.bytes.data(), sizeof to.sin_addr);
    return sendto(socket, &request, sizeof request, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  }
  icmp6_hdr request{};  // the kernel fills in the checksum (RFC 3542 section 3.1)
  request.icmp6_type = ICMP6_ECHO_REQUEST;
  request.icmp6_id = kIdentifier;
  sockaddr_in6 to{};
  to.sin6_family = AF_INET6;
  std::memcpy(&to.sin6_addr, target.bytes.data(), sizeof to.sin6_addr);
  return sendto(socket, &request, sizeof request, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
}

bool is_reply(const std::uint8_t* packet, std::size_t size, int family) {
  if (family == AF_INET6) return size >= sizeof(icmp6_hdr) && packet[0] == ICMP6_ECHO_REPLY;
  const std::size_t header = size > 0 ? (packet[0] & 0x0fU) * 4U : 0;
  return size >= header + sizeof(icmphdr) && packet[header] == ICMP_ECHOREPLY;
}

}  // namespace

Result<void> raw_ping(int network, const RawAddress& target) {
  const auto socket =
      NETRIG_TRY(open_in(network, target.family, target.family == AF_INET ? int{IPPROTO_ICMP} : int{IPPROTO_ICMPV6}));
  if (send_request(socket.get(), target) < 0) return fail(Error::from_errno("send an echo request", {}, errno));
  const auto deadline = Deadline::after(kReplyPatience);
  for (;;) {
    if (!NETRIG_TRY(wait_readable(socket.get(), deadline))) {
      const std::string_view family = target.family == AF_INET ? "IPv4" : "IPv6";
      return fail(Error::from_errno("ping the last host from the first", std::string{family}, ETIMEDOUT));
    }
    std::array<std::uint8_t, 256> packet{};
    const auto size = recv(socket.get(), packet.data(), packet.size(), 0);
    if (size < 0) return fail(Error::from_errno("receive an echo reply", {}, errno));
    if (is_reply(packet.data(), static_cast<std::size_t>(size), target.family)) return {};
  }
}

}  // namespace netrig::bench
