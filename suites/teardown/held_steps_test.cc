// The same kills with the victim held before a step of its making, however long: the windows that a sweep at full speed
// nearly always misses. And the proof that these tests see a leak: builds that leave out what closes a window.
#include <netrig/suites/teardown/hold.h>
#include <netrig/suites/teardown/teardown_test.h>

#include <gmock/gmock.h>

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <string>
#include <sys/mman.h>

namespace netrig::teardown {
namespace {

using namespace std::chrono_literals;
using sandbox::Step;
using testing::HasSubstr;
using testing::StartsWith;

// The steps that the init takes, up to the one that makes the program.
constexpr Step kInitSteps[] = {
    Step::death_signal, Step::liveness, Step::process_group, Step::id_maps,  Step::private_mounts, Step::proc,
    Step::sysctl,       Step::sysfs,    Step::run,           Step::loopback, Step::enter,          Step::program_fork};
// The program's own, before it executes itself.
constexpr Step kProgramSteps[] = {Step::program_group, Step::program_exec};
// Those of a program space, taken by the init and by the space's init.
constexpr Step kSpaceSteps[] = {Step::space_clone, Step::space_mounts, Step::space_reply};

class HeldStepsTest : public TeardownTest {
 protected:
  // Whether nothing is left after the supervisor died while the init, or the program, was held before `step`, and was
  // then let go on. A leak stays for ever, so that a control needs no long patience.
  testing::AssertionResult kill_supervisor_at(Step step, Build build = Build::held,
                                              std::chrono::seconds patience = kPatience) {
    Hold hold{{step, Step::watch}};  // so that the supervisor has done all that the init needs of it
    Victim victim{{.build = build, .arguments = {"wait"}, .environment = hold.environment()}};
    EXPECT_TRUE(hold.reached(victim));
    ::kill(victim.supervisor(), SIGKILL);
    EXPECT_EQ(victim.wait_supervisor(), killed_by(SIGKILL));
    hold.release();
    const auto gone = victim.all_gone(patience);
    if (build == Build::held) note("supervisor", step, gone);
    return gone;
  }

  // `pick` chooses whom to kill; the supervisor's status is returned.
  template <class Pick>
  int kill_at(Step step, const std::string& whom, Pick pick) {
    Hold hold{{step}};
    Victim victim{
        {.build = Build::held, .arguments = {"wait"}, .environment = hold.environment(), .output = silence_.get()}};
    EXPECT_TRUE(hold.reached(victim));
    const auto pid = pick(victim);
    EXPECT_TRUE(pid.has_value());
    if (pid) ::kill(*pid, SIGKILL);
    const int status = victim.wait_supervisor();  // nobody needs to be let go for that
    EXPECT_EQ(victim.letters(1), "");
    const auto gone = victim.all_gone();
    note(whom, step, gone);
    EXPECT_TRUE(gone);
    return status;
  }

  void note(const std::string& whom, Step step, const testing::AssertionResult& gone) {
    table_.add("SIGKILL to the " + whom + ", held before " + std::string{name_of(step)}, gone ? 0 : 1);
  }

  UniqueFd silence_{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
};

TEST_F(HeldStepsTest, KillingTheSupervisorBeforeAStepOfTheInitLeavesNothing) {
  for (const Step step : kInitSteps) EXPECT_TRUE(kill_supervisor_at(step)) << name_of(step);
}

TEST_F(HeldStepsTest, KillingTheSupervisorBeforeAStepOfTheProgramLeavesNothing) {
  for (const Step step : kProgramSteps) {
    EXPECT_TRUE(kill_supervisor_at(step)) << name_of(step);
  }
}

TEST_F(HeldStepsTest, KillingTheInitBeforeAStepOfItsOwnLeavesNothing) {
  for (const Step step : kInitSteps) {
    EXPECT_EQ(kill_at(step, "init", [](const Victim& victim) { return victim.init(); }), exited(70)) << name_of(step);
  }
}

TEST_F(HeldStepsTest, KillingTheInitBeforeAStepOfTheProgramLeavesNothing) {
  for (const Step step : kProgramSteps) {
    EXPECT_EQ(kill_at(step, "init", [](const Victim& victim) { return victim.init(); }), exited(70)) << name_of(step);
  }
}

TEST_F(HeldStepsTest, KillingTheProgramBeforeItIsExecutedLeavesNothing) {
  for (const Step step : kProgramSteps) {
    EXPECT_EQ(kill_at(step, "program", [](const Victim& victim) { return victim.program(); }), killed_by(SIGKILL))
        << name_of(step);
  }
}

TEST_F(HeldStepsTest, KillingTheSupervisorWhileAProgramSpaceIsMadeLeavesNothing) {
  for (const Step step : kSpaceSteps) {
    Hold hold{{step}};
    Victim victim{{.build = Build::held, .arguments = {"daemons"}, .environment = hold.environment()}};
    EXPECT_TRUE(hold.reached(victim));
    ::kill(victim.supervisor(), SIGKILL);
    hold.release();
    EXPECT_EQ(victim.wait_supervisor(), killed_by(SIGKILL));
    const auto gone = victim.all_gone();
    note("supervisor", step, gone);
    EXPECT_TRUE(gone) << name_of(step);
  }
}

TEST_F(HeldStepsTest, KillingTheProgramWhileAProgramSpaceIsMadeLeavesNothing) {
  for (const Step step : kSpaceSteps) {
    Hold hold{{step}};
    Victim victim{{.build = Build::held, .arguments = {"daemons"}, .environment = hold.environment()}};
    EXPECT_TRUE(hold.reached(victim));
    const auto program = victim.program();
    ASSERT_TRUE(program.has_value());
    ::kill(*program, SIGKILL);
    hold.release();
    EXPECT_EQ(victim.wait_supervisor(), killed_by(SIGKILL));
    const auto gone = victim.all_gone();
    note("program", step, gone);
    EXPECT_TRUE(gone) << name_of(step);
  }
}

std::string text_of(const UniqueFd& file) {
  std::ostringstream text;
  text << std::ifstream{"/proc/self/fd/" + std::to_string(file.get())}.rdbuf();
  return text.str();
}

TEST_F(HeldStepsTest, TheEndOfAnInitThatWasKilledIsToldWithItsSignal) {
  const UniqueFd told{::memfd_create("told", MFD_CLOEXEC)};
  Hold hold{{Step::sysfs}};
  Victim victim{{.build = Build::held, .arguments = {"wait"}, .environment = hold.environment(), .output = told.get()}};
  ASSERT_TRUE(hold.reached(victim));
  ::kill(victim.init().value(), SIGKILL);
  EXPECT_EQ(victim.wait_supervisor(), exited(70));
  EXPECT_THAT(text_of(told), StartsWith("netrig: the sandbox's init was killed by signal 9 (SIGKILL): by the kernel's "
                                        "out-of-memory killer, or by another process"));
}

// Whether it is the first of its pid namespace: the last number of NSpid in proc_pid_status(5).
bool is_init(pid_t pid) {
  std::ifstream status{"/proc/" + std::to_string(pid) + "/status"};
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("NSpid:")) return line.ends_with("\t1");
  }
  return false;
}

TEST_F(HeldStepsTest, TheEndOfASpacesInitThatWasKilledIsTold) {
  const UniqueFd told{::memfd_create("told", MFD_CLOEXEC)};
  Hold hold{{Step::space_mounts}};
  Victim victim{
      {.build = Build::held, .arguments = {"daemons"}, .environment = hold.environment(), .output = told.get()}};
  ASSERT_TRUE(hold.reached(victim));
  const auto children = children_of(victim.init().value());
  const auto init = std::ranges::find_if(children, is_init);
  ASSERT_NE(init, children.end());
  ::kill(*init, SIGKILL);
  EXPECT_EQ(victim.wait_supervisor(), exited(96));
  EXPECT_THAT(text_of(told), HasSubstr("victim: start a program space: ENODATA"));
  EXPECT_THAT(text_of(told), HasSubstr("hand over a program space: the space's init was killed before it could"));
}

// The window that the death signal cannot close: the supervisor dies after the clone and before the signal is armed.
TEST_F(HeldStepsTest, ASupervisorThatDiedBeforeTheDeathSignalWasArmedIsNoticed) {
  EXPECT_TRUE(kill_supervisor_at(Step::death_signal));
}

TEST_F(HeldStepsTest, WithoutTheDeathSignalTheseTestsFail) {
  for (const Step step : {Step::private_mounts, Step::loopback, Step::program_exec}) {
    EXPECT_FALSE(kill_supervisor_at(step, Build::without_death_signal, 1s)) << name_of(step);
  }
}

TEST_F(HeldStepsTest, WithoutThePollOfTheSupervisorTheseTestsFail) {
  EXPECT_FALSE(kill_supervisor_at(Step::death_signal, Build::without_liveness, 1s));
}

}  // namespace
}  // namespace netrig::teardown
