#include <netrig/traffic/latency_side.h>
#include <netrig/traffic/socket_address.h>

#include <cerrno>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <linux/tcp.h>

namespace netrig::traffic {

namespace {

constexpr std::size_t kEchoBuffer = 64U << 10U;
constexpr timeval kLook{0, 50'000};  // how long a blocked call does not see that it is to end

}  // namespace

// Blocking calls: one to receive and one to send is the least that an answer can cost.
Result<void> Echo::open(UniqueFd socket) {
  socket_ = std::move(socket);
  bytes_.resize(kEchoBuffer);
  const int on = 1;
  if (load_.protocol == LatencyLoad::Protocol::tcp)
    ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::fcntl(socket_.get(), F_SETFL, 0) != 0 ||
      ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &kLook, sizeof kLook) != 0 ||
      ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &kLook, sizeof kLook) != 0) {
    return fail(Error::from_errno("answer requests", name_, errno));
  }
  return {};
}

// On a datagram socket, shutdown(2) wakes who waits although it fails (ENOTCONN).
void Echo::end() {
  over_.store(true, std::memory_order_release);
  ::shutdown(socket_.get(), SHUT_RD);
}

Result<void> Echo::run(Reins& reins) {
  while (!reins.abort.load(std::memory_order_acquire)) {
    SocketAddress from;
    const auto size = ::recvfrom(socket_.get(), bytes_.data(), bytes_.size(), 0, from.get(), &from.size);
    if (size < 0 && errno != EAGAIN && errno != EINTR) return fail(Error::from_errno("receive requests", name_, errno));
    if (size <= 0 && over_.load(std::memory_order_acquire)) return {};
    if (size < 0) continue;
    if (load_.protocol == LatencyLoad::Protocol::udp) {
      ::sendto(socket_.get(), bytes_.data(), static_cast<std::size_t>(size), MSG_NOSIGNAL, from.get(), from.size);
      continue;
    }
    if (size == 0) return {};  // the client has all its answers
    NETRIG_TRY(echo_stream(static_cast<std::size_t>(size), reins));
  }
  return {};
}

Result<void> Echo::echo_stream(std::size_t size, Reins& reins) {
  for (std::size_t done = 0; done < size && !reins.abort.load(std::memory_order_acquire);) {
    const auto sent = ::send(socket_.get(), &bytes_[done], size - done, MSG_NOSIGNAL);
    if (sent >= 0) {
      done += static_cast<std::size_t>(sent);
    } else if (errno != EAGAIN && errno != EINTR) {
      return fail(Error::from_errno("answer requests", name_, errno));
    }
  }
  return {};
}

}  // namespace netrig::traffic
