#include <netrig/base/unique_fd.h>

#include <gtest/gtest.h>

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace netrig {
namespace {

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

TEST(UniqueFd, ClosesAtTheEndOfTheScope) {
  int number = -1;
  {
    const UniqueFd fd{::dup(STDERR_FILENO)};
    ASSERT_TRUE(fd);
    number = fd.get();
  }
  EXPECT_FALSE(is_open(number));
}

TEST(UniqueFd, MovesOwnership) {
  UniqueFd first{::dup(STDERR_FILENO)};
  const int number = first.get();
  const UniqueFd second{std::move(first)};
  EXPECT_EQ(first.get(), -1);  // NOLINT(bugprone-use-after-move): the moved-from state is what is tested
  EXPECT_EQ(second.get(), number);
  EXPECT_TRUE(is_open(number));
}

TEST(UniqueFd, ReleaseLeavesItOpen) {
  UniqueFd fd{::dup(STDERR_FILENO)};
  const int number = fd.release();
  EXPECT_FALSE(fd.valid());
  EXPECT_TRUE(is_open(number));
  ::close(number);
}

TEST(UniqueFd, KeepsErrnoWhenItCloses) {
  UniqueFd fd{::dup(STDERR_FILENO)};
  errno = ENOENT;
  fd.reset();
  EXPECT_EQ(errno, ENOENT);
}

}  // namespace
}  // namespace netrig
