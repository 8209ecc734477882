#include <netrig/sandbox/marker.h>
#include <netrig/sandbox/sandbox.h>
#include <netrig/testing/skip.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace netrig::sandbox {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class InsideTest : public testing::Test {
 protected:
  void SetUp() override { NETRIG_NEEDS_SANDBOX(); }
};

class InsideAPidNamespaceTest : public InsideTest {
 protected:
  void SetUp() override {
    InsideTest::SetUp();
    if (!IsSkipped() && mode() != Mode::pid_namespace)
      NETRIG_SKIP("pid-namespace", "needs the pid namespace: " << describe());
  }
};

std::vector<std::string> names_in(const char* directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator{directory}) names.push_back(entry.path().filename());
  return names;
}

bool loopback_echoes(int family, const sockaddr* address, socklen_t size) {
  const int socket = ::socket(family, SOCK_DGRAM, 0);
  const bool sent = ::bind(socket, address, size) == 0;
  ::close(socket);
  return sent;
}

TEST_F(InsideAPidNamespaceTest, TheProgramIsTheChildOfPidOneAndLeadsItsGroup) {
  EXPECT_EQ(::getppid(), 1);
  EXPECT_EQ(::getpgrp(), ::getpid());
}

TEST_F(InsideAPidNamespaceTest, ProcShowsThisPidNamespace) {
  EXPECT_EQ(std::filesystem::read_symlink("/proc/self"), std::to_string(::getpid()));
  // In a stale /proc, process 1 would be the host's.
  EXPECT_EQ(std::filesystem::read_symlink("/proc/1/ns/pid"), std::filesystem::read_symlink("/proc/self/ns/pid"));
}

TEST_F(InsideTest, TheUserIsZero) {
  EXPECT_EQ(::geteuid(), 0U);
  EXPECT_EQ(::getegid(), 0U);
}

TEST_F(InsideTest, OnlyTheLoopbackDeviceExistsAndSysShowsIt) {
  EXPECT_THAT(names_in("/sys/class/net"), UnorderedElementsAre("lo"));
}

TEST_F(InsideTest, LoopbackIsUpForBothFamilies) {
  const sockaddr_in v4{AF_INET, 0, {htonl(INADDR_LOOPBACK)}, {}};
  const sockaddr_in6 v6{AF_INET6, 0, 0, IN6ADDR_LOOPBACK_INIT, 0};
  EXPECT_TRUE(loopback_echoes(AF_INET, reinterpret_cast<const sockaddr*>(&v4), sizeof v4)) << std::strerror(errno);
  EXPECT_TRUE(loopback_echoes(AF_INET6, reinterpret_cast<const sockaddr*>(&v6), sizeof v6)) << std::strerror(errno);
}

TEST_F(InsideTest, RunHoldsNothingButAnEmptyNetns) {
  EXPECT_THAT(names_in("/run"), UnorderedElementsAre("netns"));
  EXPECT_THAT(names_in("/run/netns"), IsEmpty());
  EXPECT_TRUE(std::filesystem::equivalent("/run", "/var/run"));
}

TEST_F(InsideTest, NoMountButTheNetnsNamesIsShared) {
  std::ifstream mounts{"/proc/self/mountinfo"};
  for (std::string line; std::getline(mounts, line);) {
    if (line.find(" /run/netns ") != std::string::npos || line.find(" /var/run/netns ") != std::string::npos) continue;
    EXPECT_THAT(line, testing::Not(testing::AnyOf(HasSubstr(" shared:"), HasSubstr(" master:"))));
  }
}

TEST_F(InsideTest, NetworkSysctlsCanBeSet) {
  std::ofstream file{"/proc/sys/net/ipv4/ip_forward"};
  file << "1" << std::flush;
  EXPECT_TRUE(file.good());
}

TEST_F(InsideTest, DescribesItself) {
  EXPECT_THAT(describe(), testing::AnyOf(HasSubstr("id"), HasSubstr("pid namespace")));
  EXPECT_THAT(why_not(), IsEmpty());
}

TEST_F(InsideTest, EnteringAgainUsesTheSameSandbox) {
  const auto network = namespace_inode("/proc/self/ns/net");
  char program[] = "again";
  char* arguments[] = {program, nullptr};
  enter(1, arguments);
  EXPECT_TRUE(inside());
  EXPECT_EQ(namespace_inode("/proc/self/ns/net"), network);
}

// The exit status of this very program, run once more with one of the tests above, after `prefix`.
int run_again(const std::string& prefix, const std::string& test) {
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  const int status = std::system((prefix + " " + self + " --gtest_filter=" + test + " >/dev/null").c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(InsideAPidNamespaceTest, AProgramItExecutesEntersNoOtherSandbox) {
  EXPECT_EQ(run_again("", "InsideTest.TheUserIsZero"), 0);
  // It would pass in a sandbox of its own.
  EXPECT_EQ(run_again("", "InsideAPidNamespaceTest.TheProgramIsTheChildOfPidOneAndLeadsItsGroup"), 1);
}

TEST_F(InsideAPidNamespaceTest, AProgramInAnotherNetworkEntersASandboxOfItsOwn) {
  EXPECT_EQ(run_again("unshare --net", "InsideAPidNamespaceTest.TheProgramIsTheChildOfPidOneAndLeadsItsGroup"), 0);
}

// As if started outside, once more.
void enter_anew() {
  ::unsetenv("NETRIG_INSIDE");
  char program[] = "anew";
  char* arguments[] = {program, nullptr};
  enter(1, arguments);
}

void enter_with_threads() {
  std::thread{[] { ::pause(); }}.detach();
  std::thread{[] { ::pause(); }}.detach();
  enter_anew();
}

void enter_by_choice(const char* choice) {
  ::setenv("NETRIG_SANDBOX", choice, 1);
  enter_anew();
}

TEST(EnterDeathTest, AbortsWhenAThreadRuns) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_DEATH(enter_with_threads(), "enter.. was called with [34] threads running: call it first in main");
}

TEST(EnterDeathTest, RefusesAnUnknownChoice) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_EXIT(enter_by_choice("maybe"), testing::ExitedWithCode(2), "NETRIG_SANDBOX=maybe: not one of pid, no-pid");
}

}  // namespace
}  // namespace netrig::sandbox
