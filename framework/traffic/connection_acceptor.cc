#include <netrig/traffic/connection_side.h>

#include <array>
#include <cerrno>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace netrig::traffic {

namespace {

constexpr std::uint64_t kListenerEvent = UINT64_MAX, kWakeEvent = UINT64_MAX - 1;

}  // namespace

Result<void> Acceptor::run(Reins& reins) {
  epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
  epoll_event listener{EPOLLIN, {.u64 = kListenerEvent}}, wake{EPOLLIN, {.u64 = kWakeEvent}};
  if (!epoll_ || ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, listener_, &listener) != 0 ||
      ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, reins.wake.get(), &wake) != 0) {
    return fail(Error::from_errno("accept connections", name_, errno));
  }
  std::array<epoll_event, 256> events{};
  for (bool nudged = false; !nudged;) {
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
    if (reins.abort.load(std::memory_order_acquire)) return {};
    for (int i = 0; i < count; ++i) {
      const auto which = events[static_cast<std::size_t>(i)].data.u64;
      if (which == kWakeEvent) {
        nudged = true;  // the client has what it wants
      } else if (which == kListenerEvent) {
        NETRIG_TRY(accept_all());
      } else {
        NETRIG_TRY(answer(which));
      }
    }
  }
  return accept_all();
}

Result<void> Acceptor::accept_all() {
  for (;;) {
    UniqueFd connection{::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
    if (!connection) {
      if (errno == EAGAIN) return {};
      if (errno == EINTR || errno == ECONNABORTED) continue;
      return fail(Error::from_errno("accept connections", name_, errno));
    }
    accepted_.store(accepted() + 1, std::memory_order_relaxed);
    if (!load_.hold) continue;
    epoll_event event{EPOLLIN, {.u64 = held_.size()}};
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, connection.get(), &event) != 0)
      return fail(Error::from_errno("accept connections", name_, errno));
    held_.push_back(std::move(connection));
  }
}

// Sends a connection's byte back; lets go of one that has ended.
Result<void> Acceptor::answer(std::size_t index) {
  char byte = 0;
  const auto size = ::recv(held_[index].get(), &byte, 1, MSG_DONTWAIT);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return {};
  if (size <= 0) {
    held_[index].reset();
  } else if (::send(held_[index].get(), &byte, 1, MSG_NOSIGNAL) != 1) {
    return fail(Error::from_errno("answer a held connection", name_, errno));
  }
  return {};
}

}  // namespace netrig::traffic
