#include <netrig/base/unique_fd.h>
#include <netrig/traffic/progress.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fcntl.h>
#include <string>

namespace netrig::traffic {
namespace {

using namespace std::chrono_literals;
using ::testing::StartsWith;

// Both ends of a terminal.
class ProgressOnATerminal : public ::testing::Test {
 protected:
  void SetUp() override {
    ::setenv("TERM", "xterm", 1);
    master_ = UniqueFd{::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
    ASSERT_TRUE(master_ && ::grantpt(master_.get()) == 0 && ::unlockpt(master_.get()) == 0);
    std::array<char, 64> name{};
    ASSERT_EQ(::ptsname_r(master_.get(), name.data(), name.size()), 0);
    terminal_ = UniqueFd{::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC)};
    ASSERT_TRUE(terminal_);
  }
  std::string shown() {
    std::array<char, 512> text{};
    const auto size = ::read(master_.get(), text.data(), text.size());
    return {text.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
  }
  UniqueFd master_, terminal_;
};

Interval a_quarter() {
  Interval interval;
  interval.to = 250ms;
  interval.received = ByteCount{1'250'000};
  return interval;
}

TEST_F(ProgressOnATerminal, RewritesOneLineAndWipesIt) {
  auto tell = show_progress("left to right", 1s, terminal_.get());
  ASSERT_TRUE(tell);
  tell(a_quarter());
  EXPECT_EQ(shown(), "\r\x1b[Kleft to right  25%  40 Mbit/s");
  tell = nullptr;
  EXPECT_EQ(shown(), "\r\x1b[K");
}

TEST_F(ProgressOnATerminal, ShowsSecondsWhereTheEndIsNotKnown) {
  show_progress("x", 0s, terminal_.get())(a_quarter());
  EXPECT_THAT(shown(), StartsWith("\r\x1b[Kx  0.2 s  40 Mbit/s"));
}

TEST_F(ProgressOnATerminal, IsSilentOnADumbOne) {
  ::setenv("TERM", "dumb", 1);
  EXPECT_FALSE(show_progress("x", 1s, terminal_.get()));
}

TEST(ProgressOnAPipe, IsNoCallbackAtAll) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const UniqueFd reading{ends[0]}, writing{ends[1]};
  EXPECT_FALSE(show_progress("x", 1s, writing.get()));
}

}  // namespace
}  // namespace netrig::traffic
