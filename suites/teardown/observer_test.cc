// The outside observer sees what is left: one thing of each kind, planted.
#include <netrig/suites/teardown/observer.h>
#include <netrig/suites/teardown/surroundings.h>
#include <netrig/suites/teardown/teardown_test.h>

#include <gtest/gtest-spi.h>

#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

namespace netrig::teardown {
namespace {

class ObserverTest : public TeardownTest {
 protected:
  // A victim that lived and ended well.
  static void run_one(Observer& observer) {
    Victim victim{{.arguments = {"exit", "0"}, .environment = observer.environment()}};
    EXPECT_EQ(victim.wait_supervisor(), exited(0));
    observer.note("none", victim);
  }

  // How the child ends that runs `plant` where namespaces are counted, and is asked whether one of `kind` is left.
  static bool is_released_after(const std::string& kind, const std::function<void()>& plant) {
    const pid_t child = ::fork();
    if (child == 0) {
      enter_user_namespace(Identity::root);
      plant();
      ::_exit(all_namespaces_released(kind, std::chrono::milliseconds{50}) ? 0 : 1);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    return status == exited(0);
  }
};

TEST_F(ObserverTest, FindsNothingAfterAVictimThatEndedWell) {
  const auto table = observe(run_one);
  if (IsSkipped()) return;
  EXPECT_EQ(table.residue(), 0);
  EXPECT_GT(table.runs(), 5);  // a victim, each kind of namespace, the host
}

TEST_F(ObserverTest, SeesANamespaceThatADescriptorHolds) {
  EXPECT_TRUE(is_released_after("net", [] {}));
  EXPECT_FALSE(is_released_after("net", [] {
    const int before = ::open("/proc/self/ns/net", O_RDONLY);
    ASSERT_EQ(::unshare(CLONE_NEWNET), 0);
    ASSERT_GE(::open("/proc/self/ns/net", O_RDONLY), 0);  // and this one stays
    ::setns(before, CLONE_NEWNET);
  }));
}

TEST_F(ObserverTest, SeesANamespaceThatAProcessHolds) {
  int life[2];
  ASSERT_EQ(::pipe(life), 0);
  EXPECT_FALSE(is_released_after("uts", [&] {
    if (::fork() != 0) return;
    ::unshare(CLONE_NEWUTS);
    ::close(life[1]);
    char byte = 0;
    ::_exit(static_cast<int>(::read(life[0], &byte, 1)));  // until this test ends
  }));
  for (const int end : life) ::close(end);
}

TEST_F(ObserverTest, SeesANamespaceThatAMountHolds) {
  std::string file = testing::TempDir() + "netrig-observer-XXXXXX";
  const UniqueFd made{::mkstemp(file.data())};
  EXPECT_FALSE(is_released_after("ipc", [&] {
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    const pid_t maker = ::fork();
    if (maker == 0) {
      ::_exit(::unshare(CLONE_NEWIPC) == 0 && ::mount("/proc/self/ns/ipc", file.c_str(), nullptr, MS_BIND, nullptr) == 0
                  ? 0
                  : 1);
    }
    int status = -1;
    ::waitpid(maker, &status, 0);
    ASSERT_EQ(status, exited(0));
  }));
  ::unlink(file.c_str());
}

TEST_F(ObserverTest, SeesAProcess) {
  Victim victim{{.arguments = {"wait"}}};
  ASSERT_EQ(victim.letters(1), "T");
  EXPECT_FALSE(victim.all_gone_already());
}

TEST_F(ObserverTest, SeesAFile) {
  EXPECT_NONFATAL_FAILURE(
      {
        Observer observer;
        const auto folder = observer.environment().front().substr(sizeof "TMPDIR=" - 1);
        std::ofstream{folder + "/forgotten"} << "x";
        run_one(observer);
      },
      "left behind");
}

}  // namespace
}  // namespace netrig::teardown
