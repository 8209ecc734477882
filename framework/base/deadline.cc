#include <netrig/base/deadline.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <poll.h>

namespace netrig {
inline namespace base {

Deadline Deadline::after(Clock::duration span) {
  const auto now = Clock::now();
  if (span > Clock::time_point::max() - now) return never();
  return Deadline{now + span};
}

bool Deadline::passed() const { return at_ != Clock::time_point::max() && Clock::now() >= at_; }

Deadline::Clock::duration Deadline::remaining() const {
  if (at_ == Clock::time_point::max()) return Clock::duration::max();
  return std::max(at_ - Clock::now(), Clock::duration::zero());
}

int Deadline::poll_timeout() const {
  if (at_ == Clock::time_point::max()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(remaining()).count();
  return static_cast<int>(std::min<long long>(left, std::numeric_limits<int>::max()));
}

Result<bool> wait_for(int fd, short events, Deadline deadline) {
  pollfd entry{fd, events, 0};
  for (;;) {
    const int ready = ::poll(&entry, 1, deadline.poll_timeout());
    if (ready > 0) return true;
    if (ready == 0) {
      if (deadline.passed()) return false;
    } else if (errno != EINTR) {
      return fail(Error::from_errno("poll fd " + std::to_string(fd), "", errno));
    }
  }
}

Result<bool> wait_readable(int fd, Deadline deadline) { return wait_for(fd, POLLIN, deadline); }

}  // namespace base
}  // namespace netrig
