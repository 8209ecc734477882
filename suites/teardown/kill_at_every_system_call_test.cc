// Whichever process of a sandbox is killed, at whatever system call: nothing is left.
#include <netrig/suites/teardown/sanitized.h>
#include <netrig/suites/teardown/stepper.h>
#include <netrig/suites/teardown/teardown_test.h>
#include <netrig/testing/skip.h>

#include <csignal>
#include <fcntl.h>
#include <iostream>
#include <string>

namespace netrig::teardown {
namespace {

// AddressSanitizer's runtime makes some 350 system calls of its own as a program starts, twice as many as the rig:
// under it each third is enough. A build without it takes every one.
constexpr int kStride = kAddressSanitizer ? 3 : 1;

class KillAtEverySystemCallTest : public TeardownTest {
 protected:
  // From its first system call to its last, by kStride; `check` judges the supervisor's status.
  template <class Check>
  void sweep(Role role, const std::string& name, Check check) {
    const UniqueFd silence{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
    int stop = 0;
    for (;; stop += kStride) {
      Victim victim{
          {.arguments = {"daemons-and-end"},
           .environment = {"NETRIG_SANDBOX=pid", "LSAN_OPTIONS=detect_leaks=0"},  // it cannot look under a tracer
           .traced = true,
           .output = silence.get()}};
      const Kill kill = kill_at_stop(victim, role, stop);
      if (kill == Kill::refused) NETRIG_SKIP("ptrace", "ptrace is not permitted here");
      const int status = victim.wait_supervisor();
      const auto gone = victim.all_gone();
      if (kill != Kill::too_late) table_.add("SIGKILL to the " + name + ", at a system call", gone ? 0 : 1);
      ASSERT_TRUE(gone) << "after a kill at stop " << stop;
      if (kill == Kill::too_late) {
        EXPECT_EQ(status, exited(0));
        break;
      }
      ASSERT_TRUE(check(status)) << "status " << status << " after a kill at stop " << stop;
    }
    // An entry and an exit of each of the calls that the role cannot do without.
    EXPECT_GT(stop, 50);
    std::cout << stop << " stops\n";
  }
};

TEST_F(KillAtEverySystemCallTest, OfTheSupervisor) {
  sweep(Role::supervisor, "supervisor", [](int status) { return status == killed_by(SIGKILL); });
}

TEST_F(KillAtEverySystemCallTest, OfTheInit) {
  // Once it has reported the program's end, its own does not matter.
  sweep(Role::init, "init", [](int status) { return status == exited(70) || status == exited(0); });
}

TEST_F(KillAtEverySystemCallTest, OfTheProgram) {
  sweep(Role::program, "program", [](int status) { return status == killed_by(SIGKILL); });
}

}  // namespace
}  // namespace netrig::teardown
