#include <netrig/base/deadline.h>
#include <netrig/base/unique_fd.h>

#include <gtest/gtest.h>

#include <unistd.h>

namespace netrig {
namespace {

using namespace std::chrono_literals;

struct Pipe {
  Pipe() {
    int ends[2];
    if (::pipe(ends) != 0) throw SetupError{Error::from_errno("pipe", "", errno)};
    read.reset(ends[0]);
    write.reset(ends[1]);
  }
  UniqueFd read, write;
};

TEST(Deadline, InThePastHasPassed) {
  EXPECT_TRUE(Deadline::after(-1s).passed());
  EXPECT_EQ(Deadline::after(-1s).remaining(), 0s);
}

TEST(Deadline, NeverIsUnlimitedForPoll) {
  EXPECT_FALSE(Deadline::never().passed());
  EXPECT_EQ(Deadline::never().poll_timeout(), -1);
  EXPECT_EQ(Deadline::after(Deadline::Clock::duration::max()).poll_timeout(), -1);
}

TEST(Deadline, RoundsThePollTimeoutUp) { EXPECT_EQ(Deadline::after(100us).poll_timeout(), 1); }

TEST(WaitReadable, SaysWhenThereIsSomethingToRead) {
  const Pipe pipe;
  ASSERT_EQ(::write(pipe.write.get(), "x", 1), 1);
  EXPECT_TRUE(wait_readable(pipe.read.get(), Deadline::after(10s)).value());
}

TEST(WaitReadable, StopsAtTheDeadline) {
  const Pipe pipe;
  EXPECT_FALSE(wait_readable(pipe.read.get(), Deadline::after(1ms)).value());
}

TEST(WaitReadable, CountsAHangUpAsReadable) {
  Pipe pipe;
  pipe.write.reset();
  EXPECT_TRUE(wait_readable(pipe.read.get(), Deadline::after(10s)).value());
}

}  // namespace
}  // namespace netrig
