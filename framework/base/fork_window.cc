#include <netrig/base/fork_window.h>

#include <condition_variable>
#include <mutex>
#include <set>

namespace netrig {
inline namespace base {

namespace {

struct Windows {
  std::mutex mutex;
  std::condition_variable closed;
  std::set<std::uint64_t> open;
  std::uint64_t next = 0;
};

// Never destroyed: threads may still start programs while the process ends.
Windows& windows() {
  static auto& all = *new Windows;
  return all;
}

}  // namespace

ForkWindow::ForkWindow() {
  auto& all = windows();
  const std::scoped_lock lock{all.mutex};
  number_ = all.next++;
  all.open.insert(number_);
}

ForkWindow::~ForkWindow() {
  auto& all = windows();
  const std::scoped_lock lock{all.mutex};
  all.open.erase(number_);
  all.closed.notify_all();
}

void await_copies() {
  auto& all = windows();
  std::unique_lock lock{all.mutex};
  const auto now = all.next;
  all.closed.wait(lock, [&] { return all.open.empty() || *all.open.begin() >= now; });
}

}  // namespace base
}  // namespace netrig
