// What fails in a destructor, which can neither throw nor return it: told to whoever asked, and never lost.
//
//   set_teardown_failure_handler(&record);                     // in a program that judges: netrig::main() does
//   ...
//   report_teardown_failure("link not restored: ...");         // in a destructor of the rig's
#pragma once

#include <atomic>
#include <cstdio>

namespace netrig {
inline namespace base {

/// Called with what failed, in one line, on the thread of the destructor. It must not use what is being destroyed.
using TeardownFailureHandler = void (*)(const char* what);

namespace detail {
inline constinit std::atomic<TeardownFailureHandler> teardown_failure_handler{nullptr};
}  // namespace detail

/// From now on `handler` hears of every failure in a destructor of the rig's; nullptr: it is printed on standard error.
inline void set_teardown_failure_handler(TeardownFailureHandler handler) noexcept {
  detail::teardown_failure_handler.store(handler, std::memory_order_release);
}

/// Tells the handler; prints `netrig: WHAT` on standard error where there is none, or where it throws.
inline void report_teardown_failure(const char* what) noexcept {
  if (const auto handler = detail::teardown_failure_handler.load(std::memory_order_acquire)) {
    try {
      return handler(what);
    } catch (...) {  // NOLINT(bugprone-empty-catch): printed below
    }
  }
  std::fprintf(stderr, "netrig: %s\n", what);
}

}  // namespace base
}  // namespace netrig
