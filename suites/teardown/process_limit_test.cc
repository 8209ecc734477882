// Programs that fork for ever: bounded by the sandbox's process limit, and gone with it.
#include <netrig/sandbox/limit_processes.h>
#include <netrig/suites/teardown/holders.h>
#include <netrig/suites/teardown/observer.h>
#include <netrig/suites/teardown/outcome.h>
#include <netrig/suites/teardown/teardown_test.h>
#include <netrig/testing/skip.h>

#include <gmock/gmock.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <sys/personality.h>
#include <sys/utsname.h>

namespace netrig::teardown {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr int kFewProcesses = 400;  // the least there is

// LeakSanitizer needs a process more at the end.
std::vector<std::string> limited(std::vector<std::string> variables = {}) {
  variables.push_back("NETRIG_PROCESS_LIMIT=" + std::to_string(kFewProcesses));
  variables.emplace_back("LSAN_OPTIONS=detect_leaks=0");
  return variables;
}

bool can_be_limited() {
  const auto plan = sandbox::plan_process_limit(kFewProcesses, true);
  return plan.pid_max_is_own || plan.user_limit_holds;
}

// The kernel's answer to uname(2) becomes that of an old one.
void be_an_old_kernel() { ::personality(UNAME26); }

class ProcessLimitTest : public TeardownTest {
 protected:
  void SetUp() override {
    TeardownTest::SetUp();
    if (!IsSkipped() && !can_be_limited())
      NETRIG_SKIP("pid-max", "this kernel has no process limit for the host's root");
  }

  // How many processes live in the sandboxes that this test watches.
  static int count_inside() {
    const UniqueFd user{::open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC)};
    return static_cast<int>(processes_below(user.get()).size()) - 2;  // the observer and the supervisor
  }

  // The bomb of `action` has gone off when one of its processes is refused a fork.
  static void watch_bomb(Observer& observer, const std::string& action, const std::function<void(Victim&)>& end) {
    Victim victim{{.arguments = {action}, .environment = limited(observer.environment())}};
    EXPECT_EQ(victim.letters(1), "F");
    const int count = count_inside();
    EXPECT_LE(count, kFewProcesses);
    EXPECT_GT(count, kFewProcesses / 2);
    end(victim);
    observer.note("a fork bomb (" + action + ")", victim);
  }

  UniqueFd silence_{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
};

TEST_F(ProcessLimitTest, CountsEveryProcessOfTheSandbox) {
  const auto [status, output] = outcome_of({.arguments = {"fork-all"}, .environment = limited()});
  EXPECT_EQ(status, exited(0));
  int count = 0;
  char error[16] = {};
  ASSERT_EQ(std::sscanf(output.c_str(), "%d %15s", &count, error), 2) << output;
  EXPECT_STREQ(error, "EAGAIN");
  EXPECT_LE(count, kFewProcesses - 2);  // beside the init and the test program
  EXPECT_GE(count, kFewProcesses - 10);
  EXPECT_THAT(output, AllOf(HasSubstr("start a program space: EAGAIN"),
                            HasSubstr("the sandbox's own limit 400 (start with a greater NETRIG_PROCESS_LIMIT)")));
}

TEST_F(ProcessLimitTest, BoundsABombInTheTestAndLetsTheNextTestPass) {
  const auto table = observe([](Observer& observer) {
    watch_bomb(observer, "bomb", [](Victim& victim) {
      ::kill(victim.program().value(), SIGKILL);
      EXPECT_EQ(victim.wait_supervisor(), killed_by(SIGKILL));
    });
    const auto [status, output] =
        outcome_of({.arguments = {"fork-all"}, .environment = limited(observer.environment())});
    EXPECT_EQ(status, exited(0)) << output;
  });
  if (!IsSkipped()) table.record();
}

TEST_F(ProcessLimitTest, BoundsABombAmongALabsPrograms) {
  const auto table = observe([](Observer& observer) {
    watch_bomb(observer, "bomb-in-space", [](Victim& victim) {
      ::kill(victim.program().value(), SIGTERM);
      EXPECT_EQ(victim.wait_supervisor(), killed_by(SIGTERM));
    });
  });
  if (!IsSkipped()) table.record();
}

TEST_F(ProcessLimitTest, LeavesNothingOfABombWhoseSupervisorOrInitIsKilled) {
  const auto table = observe([](Observer& observer) {
    watch_bomb(observer, "bomb", [](Victim& victim) { ::kill(victim.supervisor(), SIGKILL); });
    watch_bomb(observer, "bomb-in-space", [](Victim& victim) { ::kill(victim.init().value(), SIGKILL); });
  });
  if (!IsSkipped()) table.record();
}

TEST_F(ProcessLimitTest, IsSaid) {
  const auto [status, output] =
      outcome_of({.arguments = {"ask", "inside"}, .environment = {"NETRIG_PROCESS_LIMIT=5000"}});
  EXPECT_EQ(status, exited(0));
  EXPECT_THAT(output, HasSubstr("at most 5000 processes and threads"));
}

// Where a pid namespace has no limit of its own, the user has one; the host's root has none.
TEST_F(ProcessLimitTest, IsTheUsersOnAnOlderKernel) {
  const auto environment = limited();
  const auto asked =
      outcome_of({.arguments = {"ask", "inside"}, .environment = environment, .surroundings = be_an_old_kernel});
  EXPECT_EQ(asked.status, exited(0)) << asked.output;
  if (::geteuid() == 0) {
    EXPECT_THAT(asked.output, HasSubstr("no process limit but the host's"));
    return;
  }
  EXPECT_THAT(asked.output, HasSubstr("at most 400 processes and threads of each user (ulimit -u)"));
  const auto forked =
      outcome_of({.arguments = {"fork-all"}, .environment = environment, .surroundings = be_an_old_kernel});
  EXPECT_THAT(forked.output, testing::StartsWith(std::to_string(kFewProcesses - 2) + " EAGAIN\n"));
}

TEST_F(ProcessLimitTest, WithoutAPidNamespaceIsTheUsers) {
  const auto [status, output] = outcome_of(
      {.arguments = {"ask", "inside"}, .environment = {"NETRIG_SANDBOX=no-pid", "NETRIG_PROCESS_LIMIT=450"}});
  EXPECT_EQ(status, exited(0)) << output;
  EXPECT_THAT(output, HasSubstr(::geteuid() == 0 ? "no process limit but the host's"
                                                 : "at most 450 processes and threads of each user"));
}

TEST_F(ProcessLimitTest, ThatIsNoneIsRefused) {
  for (const std::string value : {"399", "many", "4194304", "-1"}) {
    const auto [status, output] =
        outcome_of({.arguments = {"exit", "0"}, .environment = {"NETRIG_PROCESS_LIMIT=" + value}});
    EXPECT_EQ(status, exited(2));
    EXPECT_EQ(output, "netrig: NETRIG_PROCESS_LIMIT=" + value + ": not a number from 400 to 4194303\n");
  }
}

}  // namespace
}  // namespace netrig::teardown
