// Waiting with an end: a point in time that every step of an operation shares, and waits that stop there.
//
//   Deadline deadline = Deadline::after(2s);
//   if (!NETRIG_TRY(wait_readable(fd, deadline))) return timed_out();
#pragma once

#include <netrig/base/result.h>

#include <chrono>

namespace netrig {
inline namespace base {

/// A point on the monotonic clock after which waiting stops.
class Deadline {
 public:
  using Clock = std::chrono::steady_clock;

  /// `span` from now. A negative span has already passed.
  static Deadline after(Clock::duration span);
  /// Never passes.
  static constexpr Deadline never() { return Deadline{Clock::time_point::max()}; }
  constexpr explicit Deadline(Clock::time_point at) : at_{at} {}

  [[nodiscard]] constexpr Clock::time_point at() const { return at_; }
  [[nodiscard]] bool passed() const;
  /// Time left, never negative.
  [[nodiscard]] Clock::duration remaining() const;
  /// Time left for poll(2), in milliseconds rounded up; -1 for never().
  [[nodiscard]] int poll_timeout() const;

 private:
  Clock::time_point at_;
};

/// Waits until `fd` has one of `events` (POLLIN, POLLOUT: poll(2)) or a hang-up or error.
/// True when it has, false when the deadline passed first. Interrupted waits go on.
Result<bool> wait_for(int fd, short events, Deadline deadline);
/// wait_for(fd, POLLIN, deadline).
Result<bool> wait_readable(int fd, Deadline deadline);

}  // namespace base
}  // namespace netrig
