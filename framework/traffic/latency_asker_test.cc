// A schedule that the other side does not keep up with: nothing is forgotten, and no memory grows without bound.
#include <netrig/traffic/latency_side.h>

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <thread>
#include <vector>

namespace netrig::traffic {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kLargest = 65507;

struct Pair {
  UniqueFd asking, peer;
};

Pair connected() {
  std::array<int, 2> ends{};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return {UniqueFd{ends[0]}, UniqueFd{ends[1]}};
}

struct Held : Reins {
  Held() { wake.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }
};

// Takes what comes until `enough` bytes have, or the stream ends, and sends back as much if `answering`.
void take(int fd, std::size_t enough, bool answering) {
  std::vector<unsigned char> some(kLargest);
  for (std::size_t got = 0; got < enough;) {
    const auto size = ::recv(fd, some.data(), some.size(), 0);
    if (size <= 0) return;
    got += static_cast<std::size_t>(size);
    if (answering) ::send(fd, some.data(), static_cast<std::size_t>(size), MSG_NOSIGNAL);
  }
}

LatencyLoad hopeless() {
  LatencyLoad load;
  load.size = kLargest;
  load.rate = 1e6;
  load.duration = 24h;
  return load;
}

TEST(OverloadedAsker, HoldsNoMoreThanIsPending) {
  const auto load = hopeless();
  auto [asking, peer] = connected();
  const UniqueFd same{::dup(asking.get())};  // tells when the kernel takes no more
  Asker asker{load, "client"};
  ASSERT_TRUE(asker.open(std::move(asking)));
  Held held;
  Result<void> done;
  std::thread run{[&] { done = asker.run(held); }};
  // Never faster than the asker: its queue is not empty at any moment.
  for (int i = 0; i < 1000; ++i) {
    for (pollfd room{same.get(), POLLOUT, 0}; ::poll(&room, 1, 0) > 0;) std::this_thread::yield();
    take(peer.get(), kLargest, false);
  }
  held.abort = true;
  run.join();
  EXPECT_TRUE(done);
  EXPECT_LE(asker.held(), 20U << 20U);
}

// The peer takes nothing before the schedule is over and is given up.
TEST(OverloadedAsker, CountsWhatItGivesUp) {
  auto load = hopeless();
  load.duration = 1ms;
  load.timeout = 1ns;
  auto [asking, peer] = connected();
  Asker asker{load, "client"};
  ASSERT_TRUE(asker.open(std::move(asking)));
  Held held;
  Result<void> done;
  std::thread run{[&] { done = asker.run(held); }};
  while (!asker.has_given_up()) std::this_thread::yield();
  take(peer.get(), SIZE_MAX, true);
  run.join();
  ASSERT_TRUE(done);
  LatencyResult result;
  asker.tell(result);
  EXPECT_EQ(result.requests, 1000U);
  EXPECT_GT(result.times.count(), 100U);
  EXPECT_EQ(result.lost, 1000U - result.times.count());
  EXPECT_GE(result.lost, 800U);
  EXPECT_GE(result.late, result.lost);
}

// While the peer stalls, neither it nor the kernel nor the asker's queue takes all that is due: what is asked only
// after the stall was due during it. All 400 are due within 40 ms, and none is answered within 50.
TEST(OverloadedAsker, TimesWhatAStallHeldUpFromWhenItWasDue) {
  LatencyLoad load;
  load.size = kLargest;
  load.rate = 10'000;
  load.count = 400;
  auto [asking, peer] = connected();
  Asker asker{load, "client"};
  ASSERT_TRUE(asker.open(std::move(asking)));
  Held held;
  std::thread answers{[fd = peer.get()] {
    pollfd first{fd, POLLIN, 0};
    ::poll(&first, 1, -1);
    ::poll(nullptr, 0, 50);  // the stall itself
    take(fd, SIZE_MAX, true);
  }};
  const auto done = asker.run(held);
  answers.join();
  ASSERT_TRUE(done);
  LatencyResult result;
  asker.tell(result);
  EXPECT_EQ(result.times.count(), 400U);
  EXPECT_GE(result.times.min(), 10ms) << result;
  EXPECT_GT(result.late, 100U);
}

// As where its thread did not get to run before the end.
TEST(OverloadedAsker, AsksLateWhatWasDueBeforeTheEnd) {
  LatencyLoad load;
  load.duration = 20ms;
  auto [asking, peer] = connected();
  Asker asker{load, "client"};
  ASSERT_TRUE(asker.open(std::move(asking)));
  Held held;
  held.stop_sending = true;
  std::thread answers{[fd = peer.get()] { take(fd, SIZE_MAX, true); }};
  const auto done = asker.run(held);
  answers.join();
  ASSERT_TRUE(done);
  LatencyResult result;
  asker.tell(result);
  EXPECT_EQ(result.requests, 20U);
  EXPECT_EQ(result.times.count(), 20U);
  EXPECT_EQ(result.lost, 0U);
}

}  // namespace
}  // namespace netrig::traffic
