// Waiting for something to become true, without saying for how long it usually takes.
//
//   EXPECT_TRUE(eventually(2s, [&] { return lab[pc].ping(lab[server]).received() > 0; }));
//
// For what the kernel or a program does in its own time and tells nobody. Where there is an event, wait for that
// instead (netlink::Monitor, Listener::wait_for_peer, process::Readiness).
#pragma once

#include <netrig/base/deadline.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <poll.h>

namespace netrig {

/// Calls `predicate` until what it returns converts to true, or `within` has passed. On a failure the result shows the
/// value seen last and how often it was asked. Asks at once, then in growing steps of 1 ms to 50 ms.
template <class Predicate>
::testing::AssertionResult eventually(std::chrono::milliseconds within, Predicate predicate) {
  const Deadline deadline = Deadline::after(within);
  std::chrono::milliseconds step{1};
  for (int asked = 1;; ++asked) {
    auto last = predicate();
    if (static_cast<bool>(last)) return ::testing::AssertionSuccess();
    if (deadline.passed()) {
      return ::testing::AssertionFailure() << "not within " << within.count() << " ms, asked " << asked
                                           << " times; last: " << ::testing::PrintToString(last);
    }
    const auto wait = std::min<std::chrono::milliseconds>(step, std::chrono::milliseconds{deadline.poll_timeout()});
    ::poll(nullptr, 0, static_cast<int>(wait.count()));
    step = std::min(step * 2, std::chrono::milliseconds{50});
  }
}

}  // namespace netrig
