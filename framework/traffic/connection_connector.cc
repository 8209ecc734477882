#include <netrig/traffic/connection_side.h>
#include <netrig/traffic/socket_address.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace netrig::traffic {

namespace {

constexpr std::uint64_t kReinsEvent = UINT64_MAX;

int error_of_socket(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

}  // namespace

Error Connector::failure(const std::string& what, int error) const {
  const auto* remedy = error == EADDRNOTAVAIL ? "; all ports of net.ipv4.ip_local_port_range are in use" : "";
  return Error::from_errno(fmt::format("{} {}", what, to_.to_string()), name_, error,
                           fmt::format("after {:.3f} s, {} of {} connections made{}",
                                       static_cast<double>(ticks() - first_) / 1e9, made_, load_.count, remedy));
}

Result<void> Connector::run(Reins& reins) {
  auto done = make_all(reins);
  most_held_ = held_.size();
  held_.clear();
  cpu_ = thread_time();
  return done;
}

Result<void> Connector::make_all(Reins& reins) {
  first_ = last_ = ticks();
  epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
  epoll_event wake{EPOLLIN, {.u64 = kReinsEvent}};
  if (!epoll_ || ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, reins.wake.get(), &wake) != 0)
    return fail(failure("connect to", errno));
  slots_.resize(std::min<std::uint64_t>(load_.parallel, load_.count));
  for (std::size_t slot = 0; slot < slots_.size(); ++slot) NETRIG_TRY(begin(slot));
  std::array<epoll_event, 256> events{};
  while (made_ < load_.count) {
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
    if (reins.abort.load(std::memory_order_acquire)) return {};
    for (int i = 0; i < count; ++i) {
      const auto slot = events[static_cast<std::size_t>(i)].data.u64;
      if (slot != kReinsEvent) NETRIG_TRY(complete(slot));
    }
  }
  return load_.hold ? use_all(reins) : Result<void>{};
}

Result<void> Connector::begin(std::size_t slot) {
  auto& attempt = slots_[slot];
  attempt.began = ticks();
  attempt.socket.reset(::socket(domain_of(to_.address), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const SocketAddress address{to_.address, to_.port};
  if (!attempt.socket || (::connect(attempt.socket.get(), address.get(), address.size) != 0 && errno != EINPROGRESS))
    return fail(failure("connect to", errno));
  epoll_event event{EPOLLOUT, {.u64 = slot}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, attempt.socket.get(), &event) != 0)
    return fail(failure("connect to", errno));
  ++begun_;
  return {};
}

// A connection that is decided. It ends by a reset, at once or when it need not be held any more.
Result<void> Connector::complete(std::size_t slot) {
  auto& attempt = slots_[slot];
  if (const int error = error_of_socket(attempt.socket.get()); error != 0) return fail(failure("connect to", error));
  last_ = ticks();
  times_.record(std::chrono::nanoseconds{last_ - attempt.began});
  ++made_;
  progress_.store(made_, std::memory_order_relaxed);
  const linger reset{1, 0};
  ::setsockopt(attempt.socket.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  if (load_.hold) {
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, attempt.socket.get(), nullptr);
    held_.push_back(std::move(attempt.socket));
  } else {
    attempt.socket.reset();
  }
  return begun_ < load_.count ? begin(slot) : Result<void>{};
}

// A byte there and back on each: all are alive at once. Then nothing is on the way but what the count itself needs.
Result<void> Connector::use_all(Reins& reins) {
  NETRIG_TRY(ask(0, held_.size(), Ask::answer, reins));
  for (const auto& socket : held_) buffered_ += buffered(socket.get());
  return ask(0, 1, Ask::count_memory, reins);
}

Result<void> Connector::ask(std::size_t first, std::size_t count, Ask what, Reins& reins) {
  for (std::size_t i = first; i < first + count; ++i) {
    epoll_event event{EPOLLIN, {.u64 = i}};
    if (::send(held_[i].get(), &what, 1, MSG_NOSIGNAL) != 1 ||
        ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, held_[i].get(), &event) != 0) {
      return fail(failure("use a held connection to", errno));
    }
  }
  std::array<epoll_event, 256> events{};
  for (std::size_t answered = 0; answered < count;) {
    const int ready = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
    if (reins.abort.load(std::memory_order_acquire)) return {};
    for (int i = 0; i < ready; ++i) {
      const auto index = events[static_cast<std::size_t>(i)].data.u64;
      if (index == kReinsEvent) continue;
      NETRIG_TRY(take_answer(index));
      ++answered;
    }
  }
  return {};
}

Result<void> Connector::take_answer(std::size_t index) {
  char byte = 0;
  if (::recv(held_[index].get(), &byte, 1, MSG_DONTWAIT) != 1)
    return fail(failure("use a held connection to", errno == EAGAIN ? ECONNRESET : errno));
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, held_[index].get(), nullptr);
  progress_.store(progress() + 1, std::memory_order_relaxed);
  return {};
}

void Connector::tell(ConnectionRateResult& result) const {
  result.connections = made_;
  result.held = most_held_;
  result.client.cpu = cpu_;
  result.elapsed = std::chrono::nanoseconds{last_ - first_};
  result.connect_times = times_;
}

}  // namespace netrig::traffic
