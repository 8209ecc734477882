#include <netrig/sandbox/leaves_signal.h>
#include <netrig/sandbox/raw.h>

#include <gtest/gtest.h>

#include <latch>
#include <thread>
#include <unistd.h>

namespace netrig::sandbox {
namespace {

// One that nobody sends, and nothing but this test cares for.
constexpr int kSignal = SIGTTOU;

// A thread that blocks what its maker blocks: from its start on, before which libc has it block everything.
class Idle {
 public:
  Idle() { started_.wait(); }
  Idle(const Idle&) = delete;
  Idle& operator=(const Idle&) = delete;
  ~Idle() { end_.count_down(); }

 private:
  std::latch started_{1};
  std::latch end_{1};
  std::jthread thread_{[this] {
    started_.count_down();
    end_.wait();
  }};
};

class LeavesSignal : public testing::Test {
 protected:
  void TearDown() override {
    raw::set_mask(before_);
    raw::set_action(kSignal, SIG_DFL);
  }
  void block() const { raw::set_mask(before_ | raw::bit_of(kSignal)); }
  static bool left() { return leaves_to_the_kernel(::getpid(), kSignal); }

 private:
  raw::SignalSet before_ = raw::set_mask(0);
};

TEST_F(LeavesSignal, ByDefault) { EXPECT_TRUE(left()); }

TEST_F(LeavesSignal, NotWhenItIsIgnored) {
  raw::set_action(kSignal, SIG_IGN);
  EXPECT_FALSE(left());
}

TEST_F(LeavesSignal, NotWhenItIsHandled) {
  ::signal(kSignal, [](int) {});
  EXPECT_FALSE(left());
}

TEST_F(LeavesSignal, NotWhenEveryThreadBlocksIt) {
  block();
  EXPECT_FALSE(left());
  const Idle blocks_too;
  EXPECT_FALSE(left());
}

// Else a main thread that blocks it for another to sigwait(3) hid that a third one is stopped by it.
TEST_F(LeavesSignal, WhenOneThreadDoesNotBlockIt) {
  const Idle blocks_nothing;
  block();
  EXPECT_TRUE(left());
}

TEST_F(LeavesSignal, NotWhenTheProcessIsGone) {
  constexpr pid_t kNobody = 0x7fffffff;  // beyond any kernel.pid_max
  EXPECT_FALSE(leaves_to_the_kernel(kNobody, kSignal));
}

}  // namespace
}  // namespace netrig::sandbox
