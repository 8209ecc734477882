#include <netrig/base/limits.h>
#include <netrig/base/signal_mask.h>
#include <netrig/process/loop.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <system_error>
#include <utility>

namespace netrig::process {

namespace {

constexpr std::uint64_t kWakeTag = 0;  // keys start at 1, so no child's tag is below 4

}  // namespace

Result<std::shared_ptr<Loop>> Loop::create() {
  UniqueFd epoll{::epoll_create1(EPOLL_CLOEXEC)};
  UniqueFd wake{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  epoll_event event{.events = EPOLLIN, .data = {.u64 = kWakeTag}};
  if (!epoll || !wake || ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wake.get(), &event) != 0) {
    return fail(Error::from_errno("prepare to run programs", "", errno));
  }
  return std::shared_ptr<Loop>{new Loop{std::make_shared<const UniqueFd>(std::move(epoll)), std::move(wake)}};
}

Loop::~Loop() {
  if (thread_.joinable()) thread_.detach();  // only after stop() gave up
}

Result<void> Loop::start_thread() {
  if (thread_.joinable()) return {};
  const SignalMask quiet;  // inherited: signals are for the threads of the test
  try {
    thread_ = std::thread{[self = shared_from_this()] { self->run(); }};
  } catch (const std::system_error& error) {
    return fail(Error::from_errno("start the thread that reads the output of programs", "", error.code().value(),
                                  describe_process_limits()));
  }
  running_ = true;
  ::pthread_setname_np(thread_.native_handle(), "netrig-programs");
  return {};
}

Result<void> Loop::add(const std::shared_ptr<Child>& child) {
  const std::scoped_lock lock{mutex_};
  NETRIG_TRY(start_thread());
  const auto key = ++last_key_;
  children_.emplace(key, child);
  auto attached = child->attach(epoll_, key);
  if (!attached) children_.erase(key);
  return attached;
}

bool Loop::stop(Deadline deadline) {
  std::unique_lock lock{mutex_};
  stopping_ = true;
  if (!thread_.joinable()) return true;
  ::eventfd_write(wake_.get(), 1);
  const auto over = [this] { return !running_; };
  if (deadline.at() == Deadline::never().at()) {
    ended_.wait(lock, over);
  } else if (!ended_.wait_until(lock, deadline.at(), over)) {
    return false;
  }
  lock.unlock();
  thread_.join();
  return true;
}

bool Loop::over() {
  const std::scoped_lock lock{mutex_};
  return stopping_ && std::ranges::all_of(children_, [](const auto& entry) { return entry.second->ended(); });
}

void Loop::run() {
  std::array<epoll_event, 64> events{};
  while (!over()) {
    const int count = ::epoll_wait((*epoll_).get(), events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) handle(events.at(static_cast<std::size_t>(i)).data.u64);
  }
  const std::scoped_lock lock{mutex_};
  for (const auto& [key, child] : children_) child->detach();
  children_.clear();
  running_ = false;
  ended_.notify_all();
}

void Loop::handle(std::uint64_t tag) {
  if (tag == kWakeTag) {
    eventfd_t ignored = 0;
    ::eventfd_read(wake_.get(), &ignored);
    return;
  }
  std::shared_ptr<Child> child;
  {
    const std::scoped_lock lock{mutex_};
    const auto found = children_.find(tag / 4);
    if (found == children_.end()) return;  // an event from before it went
    child = found->second;
  }
  if (!child->handle(static_cast<Child::Source>(tag % 4))) return;
  const std::scoped_lock lock{mutex_};
  children_.erase(tag / 4);
}

}  // namespace netrig::process
