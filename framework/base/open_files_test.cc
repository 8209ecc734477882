#include <netrig/base/open_files.h>
#include <netrig/base/scope_exit.h>
#include <netrig/base/unique_fd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace netrig {
namespace {

using ::testing::HasSubstr;

constexpr rlim_t kSoft = 400;
constexpr rlim_t kHard = 2000;

rlimit limits() {
  rlimit seen{};
  ::getrlimit(RLIMIT_NOFILE, &seen);
  return seen;
}

// In a child, for a hard limit cannot be raised again.
template <class Body>
void with_limits(Body body) {
  const auto pid = ::fork();
  if (pid == 0) {
    const rlimit narrow{kSoft, kHard};
    ::setrlimit(RLIMIT_NOFILE, &narrow);
    body();
    ::_exit(::testing::Test::HasFailure() ? 1 : 0);
  }
  int status = -1;
  ::waitpid(pid, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST(OpenFiles, AreLeftAsTheyAreWhereThereIsRoom) {
  with_limits([] {
    EXPECT_TRUE(make_room_for_files(10));
    EXPECT_EQ(limits().rlim_cur, kSoft);
    EXPECT_EQ(files_before_raise(), std::nullopt);
  });
}

TEST(OpenFiles, MayBeMoreThanTheSoftLimitAllows) {
  with_limits([] {
    ASSERT_TRUE(make_room_for_files(1500));
    EXPECT_EQ(files_before_raise(), kSoft);
    std::vector<UniqueFd> files;
    for (int i = 0; i < 1500; ++i) files.emplace_back(::open("/", O_PATH | O_CLOEXEC));
    EXPECT_TRUE(files.back().valid());
  });
}

TEST(OpenFiles, CountThoseThatAreOpen) {
  with_limits([] {
    std::vector<UniqueFd> files;
    for (int i = 0; i < 300; ++i) files.emplace_back(::open("/", O_PATH | O_CLOEXEC));
    ASSERT_TRUE(make_room_for_files(100));
    EXPECT_GT(limits().rlim_cur, kSoft);
  });
}

TEST(OpenFiles, AreCountedThoughALowNumberBeFree) {
  with_limits([] {
    UniqueFd early{::open("/", O_PATH | O_CLOEXEC)};
    std::vector<UniqueFd> files;
    for (int i = 0; i < 380; ++i) files.emplace_back(::open("/", O_PATH | O_CLOEXEC));
    early.reset();
    ASSERT_TRUE(make_room_for_files(1200));
    for (int i = 0; i < 1200; ++i) files.emplace_back(::open("/", O_PATH | O_CLOEXEC));
    EXPECT_TRUE(files.back().valid());
  });
}

TEST(OpenFiles, BeyondTheHardLimitAreAnErrorThatSaysHowToRaiseIt) {
  with_limits([] {
    const auto room = make_room_for_files(2000);
    ASSERT_FALSE(room);
    EXPECT_EQ(room.error().code, EMFILE);
    EXPECT_THAT(room.error().message(), HasSubstr("no more than 2000 (the hard limit)"));
  });
}

}  // namespace
}  // namespace netrig
