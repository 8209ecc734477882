#include <netrig/traffic/socket_address.h>

#include <algorithm>
#include <cerrno>

namespace netrig::traffic {

SocketAddress::SocketAddress(const IpAddress& address, Port port) {
  const auto bytes = address.bytes();
  if (address.is_v4()) {
    auto& in = reinterpret_cast<sockaddr_in&>(storage);
    in.sin_family = AF_INET;
    in.sin_port = htons(port.value());
    std::memcpy(&in.sin_addr, bytes.data(), bytes.size());
    size = sizeof in;
  } else {
    auto& in6 = reinterpret_cast<sockaddr_in6&>(storage);
    in6.sin6_family = AF_INET6;
    in6.sin6_port = htons(port.value());
    std::memcpy(&in6.sin6_addr, bytes.data(), bytes.size());
    size = sizeof in6;
  }
}

Endpoint SocketAddress::endpoint() const {
  if (storage.ss_family == AF_INET) {
    const auto& in = reinterpret_cast<const sockaddr_in&>(storage);
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(&in.sin_addr);
    return {*IpAddress::from_bytes({bytes, 4}), Port{ntohs(in.sin_port)}};
  }
  const auto& in6 = reinterpret_cast<const sockaddr_in6&>(storage);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(&in6.sin6_addr);
  const Port port{ntohs(in6.sin6_port)};
  if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr)) return {*IpAddress::from_bytes({bytes + 12, 4}), port};
  return {*IpAddress::from_bytes({bytes, 16}), port};
}

int domain_of(const IpAddress& address) { return address.is_v4() ? AF_INET : AF_INET6; }

Result<void> bind_source(int fd, const IpAddress& source, Port port) {
  const SocketAddress address{source, port};
  if (::bind(fd, address.get(), address.size) == 0) return {};
  const int error = errno;
  return fail(Error::from_errno("send from " + Endpoint{source, port}.to_string(), "", error,
                                error == EADDRNOTAVAIL ? "no interface of the sender has that address"
                                : error == EADDRINUSE
                                    ? "another socket of the sender has that port, or had it in a connection that was "
                                      "closed less than a minute ago: name another one, or none for the kernel's choice"
                                    : ""));
}

}  // namespace netrig::traffic
