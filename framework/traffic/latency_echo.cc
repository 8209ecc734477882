#include <netrig/traffic/datagram.h>
#include <netrig/traffic/latency_side.h>

#include <cerrno>
#include <fcntl.h>
#include <netinet/in.h>
#include <span>
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
  const bool tcp = load_.protocol == LatencyLoad::Protocol::tcp;
  if (tcp) ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if ((!tcp && ask_for_destinations(socket_.get()) != 0) || ::fcntl(socket_.get(), F_SETFL, 0) != 0 ||
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
  const bool tcp = load_.protocol == LatencyLoad::Protocol::tcp;
  const auto bytes = std::as_writable_bytes(std::span{bytes_});
  Datagram datagram;
  while (!reins.abort.load(std::memory_order_acquire)) {
    const auto size =
        tcp ? ::recv(socket_.get(), bytes.data(), bytes.size(), 0) : datagram.receive(socket_.get(), bytes, 0);
    if (size < 0 && errno != EAGAIN && errno != EINTR) return fail(Error::from_errno("receive requests", name_, errno));
    if (size <= 0 && over_.load(std::memory_order_acquire)) return {};
    if (size < 0) continue;
    if (!tcp) {
      datagram.answer(socket_.get(), bytes.first(static_cast<std::size_t>(size)), MSG_NOSIGNAL);
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
