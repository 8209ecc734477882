// A datagram that is answered from the address that it was sent to: a socket bound to every address would answer from
// the one that the route prefers, which neither the sender nor a NAT on the way knows. Private to the module.
#pragma once

#include <netrig/traffic/socket_address.h>

#include <array>
#include <cstddef>
#include <netinet/in.h>
#include <span>
#include <sys/socket.h>
#include <sys/types.h>

namespace netrig::traffic {

/// Has the kernel tell with each datagram where it was sent to (ip(7), IP_PKTINFO; ipv6(7), IPV6_RECVPKTINFO). For a
/// socket of either family, and one of both; negative with errno where the kernel refuses.
int ask_for_destinations(int fd);

class Datagram {
 public:
  /// Takes the next one into `bytes`, as recvmsg(2): its size, or negative with errno.
  ssize_t receive(int fd, std::span<std::byte> bytes, int flags);
  /// Sends `bytes` back to who sent it, from where that was sent to; from the address that the route prefers where none
  /// can be sent from that, as a group's. As sendmsg(2).
  ssize_t answer(int fd, std::span<std::byte> bytes, int flags);

  [[nodiscard]] const SocketAddress& from() const { return from_; }

 private:
  SocketAddress from_;
  std::size_t control_size_ = 0;  ///< 0: not told
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(in6_pktinfo))> control_{};
};

}  // namespace netrig::traffic
