// Processes that try to outlive the sandbox.
#include <netrig/suites/teardown/teardown_test.h>

#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <sys/wait.h>

namespace netrig::teardown {
namespace {

// Both daemons forked twice, lead a session, ignore every signal, and have closed their standard streams. Of the
// letters, D is the one below the test program, L the one in a program space, T the test program.
class DaemonsTest : public TeardownTest {};

bool is_in_this_pid_namespace(pid_t pid) {
  std::error_code gone;
  return std::filesystem::equivalent("/proc/" + std::to_string(pid) + "/ns/pid", "/proc/self/ns/pid", gone);
}

TEST_F(DaemonsTest, DieBeforeTheTestProgramsEndIsReported) {
  Victim victim{{.arguments = {"daemons-and-end"}}};
  EXPECT_EQ(victim.letters(3), "DLT");
  EXPECT_EQ(victim.wait_supervisor(), exited(0));
  EXPECT_TRUE(victim.all_gone_already());
}

TEST_F(DaemonsTest, DieThoughTheyAreStopped) {
  Victim victim{{.arguments = {"stopped-daemons"}}};
  EXPECT_EQ(victim.letters(3), "DLT");
  const auto program = victim.program();
  ASSERT_TRUE(program.has_value());
  ::kill(*program, SIGTERM);
  EXPECT_EQ(victim.wait_supervisor(), killed_by(SIGTERM));
  EXPECT_TRUE(victim.all_gone_already());
}

TEST_F(DaemonsTest, DieWhenTheSupervisorIsKilled) {
  Victim victim{{.arguments = {"daemons"}}};
  EXPECT_EQ(victim.letters(3), "DLT");
  ::kill(victim.supervisor(), SIGKILL);
  EXPECT_TRUE(victim.all_gone());
}

TEST_F(DaemonsTest, DieWhenTheInitIsKilled) {
  const UniqueFd silence{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
  Victim victim{{.arguments = {"daemons"}, .output = silence.get()}};
  EXPECT_EQ(victim.letters(3), "DLT");
  ::kill(victim.init().value(), SIGKILL);
  EXPECT_EQ(victim.wait_supervisor(), exited(70));
  EXPECT_TRUE(victim.all_gone_already());
}

TEST_F(DaemonsTest, DieWhenTheTestKillsAllItCanReach) {
  Victim victim{{.arguments = {"kill-all"}}};
  EXPECT_EQ(victim.letters(2), "DL");
  EXPECT_EQ(victim.wait_supervisor(), exited(0));
  EXPECT_TRUE(victim.all_gone_already());
}

TEST_F(DaemonsTest, DieWithTheSupervisorWhenEveryProcessIsStopped) {
  Victim victim{{.arguments = {"daemons"}}};
  EXPECT_EQ(victim.letters(3), "DLT");
  const auto processes = victim.processes();
  EXPECT_GE(processes.size(), 6U);  // supervisor, init, program, two daemons, the space's init
  for (const pid_t pid : processes) {
    if (pid != victim.supervisor()) ::kill(pid, SIGSTOP);
  }
  ::kill(victim.supervisor(), SIGSTOP);
  ::kill(victim.supervisor(), SIGKILL);
  EXPECT_EQ(victim.wait_supervisor(), killed_by(SIGKILL));
  EXPECT_TRUE(victim.all_gone());
}

TEST_F(DaemonsTest, DieWithoutAPidNamespaceTooIfTheyAreInAProgramSpace) {
  Victim victim{{.arguments = {"daemons"}, .environment = {"NETRIG_SANDBOX=no-pid"}}};
  EXPECT_EQ(victim.letters(3), "DLT");
  ::kill(victim.supervisor(), SIGKILL);
  EXPECT_EQ(victim.wait_supervisor(), killed_by(SIGKILL));
  // The test's own stray is left over, for it is best effort there: end it here.
  for (const pid_t child : children_of(::getpid())) {
    if (is_in_this_pid_namespace(child)) ::kill(child, SIGKILL);
  }
  EXPECT_TRUE(victim.all_gone());
}

TEST_F(DaemonsTest, KillingTheTestsOwnGroupDoesNotReachTheCaller) {
  // This process and the victim's supervisor are of one group.
  Victim victim{{.arguments = {"kill-group"}}};
  EXPECT_EQ(victim.wait_supervisor(), killed_by(SIGKILL));
  EXPECT_TRUE(victim.all_gone_already());
}

TEST_F(DaemonsTest, DieWhenTheCallersGroupIsKilled) {
  Victim victim{{.arguments = {"daemons"}, .own_group = true}};
  EXPECT_EQ(victim.letters(3), "DLT");
  ::kill(-victim.supervisor(), SIGKILL);
  EXPECT_EQ(victim.wait_supervisor(), killed_by(SIGKILL));
  EXPECT_TRUE(victim.all_gone());
}

}  // namespace
}  // namespace netrig::teardown
