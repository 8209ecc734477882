#include <netrig/base/fork_window.h>

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>

namespace netrig {
namespace {

TEST(ForkWindow, IsNotWaitedForWhereThereIsNone) { await_copies(); }

TEST(ForkWindow, IsWaitedForUntilItCloses) {
  std::optional<ForkWindow> window{std::in_place};
  std::atomic<bool> closed = false, waits = false;
  std::jthread closer{[&] {
    waits = true;
    await_copies();
    EXPECT_TRUE(closed);
  }};
  while (!waits) std::this_thread::yield();
  closed = true;
  window.reset();
}

TEST(ForkWindow, ThatOpensLaterIsNotWaitedFor) {
  std::optional<ForkWindow> before{std::in_place};
  std::atomic<bool> waits = false;
  std::jthread closer{[&] {
    waits = true;
    await_copies();
  }};
  while (!waits) std::this_thread::yield();
  before.reset();
  closer.join();
  const ForkWindow after;
}

}  // namespace
}  // namespace netrig
