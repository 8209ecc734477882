#include <netrig/base/limits.h>
#include <netrig/base/signal_mask.h>
#include <netrig/traffic/reactor.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <system_error>
#include <tuple>
#include <unistd.h>
#include <utility>

namespace netrig::traffic {

namespace {

constexpr std::chrono::milliseconds kRest{100};

}  // namespace

Reactor& Reactor::instance() {
  static Reactor reactor;
  return reactor;
}

Reactor::~Reactor() {
  if (!thread_.joinable()) return;
  const std::uint64_t one = 1;
  (void)!::write(wake_.get(), &one, sizeof one);
  thread_.join();
}

Result<void> Reactor::start() {
  if (thread_.joinable()) return {};
  epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
  wake_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  epoll_event event{EPOLLIN, {}};
  event.data.fd = wake_.get();
  if (!epoll_ || !wake_ || ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) != 0) {
    return fail(Error::from_errno("start serving listeners", "", errno));
  }
  // Who opens the first listener of a process is in a node's network namespace, which a thread would inherit and hold
  // for as long as the process lives. This is the namespace of the process's main thread.
  UniqueFd home{::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)};
  if (!home) return fail(Error::from_errno("start serving listeners", "", errno));
  return start_thread(std::move(home));
}

Result<void> Reactor::start_thread(UniqueFd home) {
  const SignalMask quiet;  // inherited: signals are for the program's own threads
  try {
    thread_ = std::thread{[this, in = std::move(home)]() mutable {
      std::ignore = ::setns(in.get(), CLONE_NEWNET);  // refused only to who could not enter another one either
      in.reset();
      loop();
    }};
  } catch (const std::system_error& error) {
    return fail(Error::from_errno("start the thread that serves listeners", "", error.code().value(),
                                  describe_process_limits()));
  }
  return {};
}

Result<void> Reactor::add(int fd, std::function<void()> on_readable) {
  const std::scoped_lock lock{state_};
  NETRIG_TRY(start());
  handlers_[fd] = std::make_shared<std::function<void()>>(std::move(on_readable));
  epoll_event event{EPOLLIN, {}};
  event.data.fd = fd;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0) return {};
  handlers_.erase(fd);
  return fail(Error::from_errno("serve a listener", "", errno));
}

void Reactor::remove(int fd) {
  {
    const std::scoped_lock lock{state_};
    if (handlers_.erase(fd) > 0) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  }
  if (std::this_thread::get_id() == thread_.get_id()) return;
  const std::scoped_lock wait_for_handler{running_};
}

void Reactor::rest(int fd) {
  const std::scoped_lock lock{state_};
  if (std::this_thread::get_id() != thread_.get_id()) return;
  epoll_event none{0, {}};
  none.data.fd = fd;
  if (!handlers_.contains(fd) || ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &none) != 0) return;
  if (!rested_) rested_ = Deadline::after(kRest);
}

// All of them: those that do not rest are asked for what they are asked for already.
void Reactor::wake_resting() {
  const std::scoped_lock lock{state_};
  rested_.reset();
  for (const auto& [fd, handler] : handlers_) {
    epoll_event event{EPOLLIN, {}};
    event.data.fd = fd;
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
  }
}

void Reactor::call(int fd) {
  const std::scoped_lock run{running_};
  std::shared_ptr<std::function<void()>> handler;
  {
    const std::scoped_lock lock{state_};
    if (const auto found = handlers_.find(fd); found != handlers_.end()) handler = found->second;
  }
  if (handler) (*handler)();
}

void Reactor::loop() {
  std::array<epoll_event, 64> events{};
  for (;;) {
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                   rested_ ? rested_->poll_timeout() : -1);
    if (count < 0 && errno != EINTR) return;
    ++turns_;
    if (rested_ && rested_->passed()) wake_resting();
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == wake_.get()) return;
      call(fd);
    }
  }
}

}  // namespace netrig::traffic
