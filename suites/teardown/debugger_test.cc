// Labs and their programs where the test program stays in the host's pid namespace: under a debugger, or by choice.
#include <netrig/suites/teardown/outcome.h>
#include <netrig/suites/teardown/teardown_test.h>

#include <gmock/gmock.h>

#include <csignal>
#include <string>

namespace netrig::teardown {
namespace {

using testing::HasSubstr;

class DebuggerTest : public TeardownTest {};

std::string beside_this(const char* program) { return program_beside(program); }

VictimOptions without_pid_namespace(VictimOptions options) {
  options.environment.emplace_back("NETRIG_SANDBOX=no-pid");
  return options;
}

// From one thread: a program, and another, and what takes a thread of its own after each of them.
TEST_F(DebuggerTest, LabsWithProgramsAreBuiltUsedAndLetGoOneAfterTheOther) {
  Victim victim{without_pid_namespace({.program = beside_this("netrig_lab_victim")})};
  EXPECT_EQ(victim.letters(20), std::string(5, 'B') + std::string(5, 'E') + std::string(5, 'P') + std::string(5, 'U'));
  ::kill(victim.supervisor(), SIGTERM);
  EXPECT_EQ(victim.wait_supervisor(), killed_by(SIGTERM));
  EXPECT_TRUE(victim.all_gone());
}

TEST_F(DebuggerTest, ALabsProgramsAreGoneWhenTheTestIsKilled) {
  for (const std::size_t letters : {1U, 2U, 3U, 4U, 6U, 7U}) {
    Victim victim{without_pid_namespace({.program = beside_this("netrig_lab_victim")})};
    ASSERT_EQ(victim.letters(letters).size(), letters);
    ::kill(victim.supervisor(), SIGKILL);
    const auto gone = victim.all_gone();
    table_.add("SIGKILL to a test without a pid namespace, with a lab", gone ? 0 : 1);
    EXPECT_TRUE(gone);
  }
}

TEST_F(DebuggerTest, AWholeLifeWithALabComesToItsEnd) {
  const auto [status, output] =
      outcome_of(without_pid_namespace({.program = beside_this("netrig_fault_victim"), .arguments = {"list"}}));
  EXPECT_EQ(status, exited(0)) << output;
  EXPECT_THAT(output, HasSubstr("launch-program#1"));
}

TEST_F(DebuggerTest, AWholeLifeUnderADebuggerToo) {
  const auto [status, output] =
      outcome_of({.program = beside_this("netrig_fault_victim"), .arguments = {"list"}, .traced = true});
  if (status == exited(92)) NETRIG_SKIP("ptrace", "ptrace is not permitted here");
  EXPECT_EQ(status, exited(0)) << output;
  EXPECT_THAT(output, HasSubstr("launch-program#1"));
}

// As a test has it that starts a program with a sandbox of its own.
TEST_F(DebuggerTest, ASandboxCanBeHadWithinOne) {
  for (const char* mode : {"NETRIG_SANDBOX=no-pid", "NETRIG_SANDBOX=pid"}) {
    const auto [status, output] = outcome_of({.arguments = {"probe"}, .environment = {mode}});
    EXPECT_EQ(status, exited(0)) << mode << '\n' << output;
  }
}

}  // namespace
}  // namespace netrig::teardown
