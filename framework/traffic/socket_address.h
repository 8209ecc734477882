// Between our addresses and the kernel's sockaddr. Private to the module.
#pragma once

#include <netrig/net/ip_address.h>
#include <netrig/traffic/connect.h>

#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>

namespace netrig::traffic {

/// An address as system calls take it.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_storage);

  SocketAddress() = default;
  SocketAddress(const IpAddress& address, Port port);

  [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  /// An IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2) is given as the IPv4 address that it means.
  [[nodiscard]] Endpoint endpoint() const;
};

/// AF_INET or AF_INET6.
int domain_of(const IpAddress& address);
/// Binds `fd` to a source address; EADDRNOTAVAIL when it is not the sender's, EADDRINUSE when
/// another has the port.
Result<void> bind_source(int fd, const IpAddress& source, Port port);

}  // namespace netrig::traffic
