#include <netrig/traffic/datagram.h>

#include <cerrno>
#include <cstring>

namespace netrig::traffic {

namespace {

msghdr header(SocketAddress& peer, iovec& bytes) {
  msghdr message{};
  message.msg_name = peer.get();
  message.msg_namelen = peer.size;
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  return message;
}

// By which interface it came does not matter for the answer, which is routed; but for addresses of a link alone.
void forget_interface(cmsghdr& part) {
  if (part.cmsg_level == IPPROTO_IP) {
    in_pktinfo info{};
    std::memcpy(&info, CMSG_DATA(&part), sizeof info);
    info.ipi_ifindex = 0;
    std::memcpy(CMSG_DATA(&part), &info, sizeof info);
    return;
  }
  in6_pktinfo info{};
  std::memcpy(&info, CMSG_DATA(&part), sizeof info);
  if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) return;
  info.ipi6_ifindex = 0;
  std::memcpy(CMSG_DATA(&part), &info, sizeof info);
}

}  // namespace

int ask_for_destinations(int fd) {
  int domain = 0;
  socklen_t size = sizeof domain;
  if (::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0) return -1;
  const int on = 1;
  return domain == AF_INET6 ? ::setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on)
                            : ::setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
}

ssize_t Datagram::receive(int fd, std::span<std::byte> bytes, int flags) {
  from_.size = sizeof from_.storage;
  iovec vector{bytes.data(), bytes.size()};
  msghdr message = header(from_, vector);
  message.msg_control = control_.data();
  message.msg_controllen = control_.size();
  const auto size = ::recvmsg(fd, &message, flags);
  if (size < 0) return size;
  from_.size = message.msg_namelen;
  control_size_ = message.msg_controllen;
  if (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr) forget_interface(*part);
  return size;
}

ssize_t Datagram::answer(int fd, std::span<std::byte> bytes, int flags) {
  iovec vector{bytes.data(), bytes.size()};
  msghdr message = header(from_, vector);
  if (control_size_ > 0) {
    message.msg_control = control_.data();
    message.msg_controllen = control_size_;
  }
  const auto sent = ::sendmsg(fd, &message, flags);
  if (sent >= 0 || errno != EINVAL || control_size_ == 0) return sent;
  message.msg_control = nullptr;
  message.msg_controllen = 0;
  return ::sendmsg(fd, &message, flags);
}

}  // namespace netrig::traffic
