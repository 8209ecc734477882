// Signals to the supervisor reach the program, once each; it starts with the dispositions and the mask of its caller.
#include <netrig/suites/teardown/teardown_test.h>

#include <array>
#include <csignal>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace netrig::teardown {
namespace {

class SignalsTest : public TeardownTest {};

TEST_F(SignalsTest, EachForwardedSignalArrivesOnce) {
  Victim victim{{.arguments = {"count-signals"}}};
  ASSERT_EQ(victim.letters(1), "T");
  for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGTERM, SIGINT, SIGUSR2}) {
    ::kill(victim.supervisor(), signal);
    EXPECT_EQ(victim.letters(1), std::string(1, static_cast<char>('a' + signal - 1))) << "signal " << signal;
  }
  EXPECT_EQ(victim.wait_supervisor(), exited(0));  // 1: another one was pending
  EXPECT_TRUE(victim.all_gone_already());
}

TEST_F(SignalsTest, ASignalThatEndsTheProgramEndsTheSupervisorTheSameWay) {
  for (const int signal : {SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2}) {
    Victim victim{{.arguments = {"daemons"}}};
    ASSERT_EQ(victim.letters(3), "DLT");
    ::kill(victim.supervisor(), signal);
    EXPECT_EQ(victim.wait_supervisor(), killed_by(signal));
    EXPECT_TRUE(victim.all_gone_already());
  }
}

TEST_F(SignalsTest, ASignalThatCameBeforeThereWasAProgramIsNotLost) {
  for (int attempt = 0; attempt < 20; ++attempt) {
    Victim victim{{.arguments = {"wait"}}};
    ::kill(victim.supervisor(), SIGTERM);  // wherever it is by now
    EXPECT_EQ(victim.wait_supervisor(), killed_by(SIGTERM));
    EXPECT_TRUE(victim.all_gone());
  }
}

TEST_F(SignalsTest, OthersDoToTheSupervisorWhatTheyAlwaysDo) {
  Victim victim{{.arguments = {"daemons"}}};
  ASSERT_EQ(victim.letters(3), "DLT");
  ::kill(victim.supervisor(), SIGALRM);
  EXPECT_EQ(victim.wait_supervisor(), killed_by(SIGALRM));
  EXPECT_TRUE(victim.all_gone());
}

std::string output_of(const VictimOptions& wanted) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return {};
  const UniqueFd read_end{ends[0]};
  UniqueFd write_end{ends[1]};
  VictimOptions options = wanted;
  options.output = ends[1];
  Victim victim{options};
  write_end.reset();
  EXPECT_EQ(victim.wait_supervisor(), exited(0));
  std::array<char, 8192> text{};
  const auto size = ::read(ends[0], text.data(), text.size());
  return {text.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
}

TEST_F(SignalsTest, TheProgramStartsWithItsCallersDispositions) {
  const std::vector<int> ignored{SIGHUP, SIGPIPE, SIGCHLD};
  const std::string inside = output_of({.arguments = {"print-signals"}, .ignored = ignored});
  const std::string bare =
      output_of({.arguments = {"print-signals"}, .environment = {"NETRIG_VICTIM_BARE=1"}, .ignored = ignored});
  EXPECT_EQ(inside, bare);
  EXPECT_NE(inside.find("1:ignored"), std::string::npos) << inside;
}

TEST_F(SignalsTest, TheProgramStartsWithItsCallersMask) {
  const std::string inside = output_of({.arguments = {"print-signals"}, .blocked = {SIGUSR1, SIGTERM}});
  const std::string bare = output_of(
      {.arguments = {"print-signals"}, .environment = {"NETRIG_VICTIM_BARE=1"}, .blocked = {SIGUSR1, SIGTERM}});
  EXPECT_EQ(inside, bare);
  EXPECT_NE(inside.find("default,blocked"), std::string::npos) << inside;
}

TEST_F(SignalsTest, StoppingAndContinuingTheSupervisorStopsAndContinuesTheProgram) {
  Victim victim{{.arguments = {"count-signals"}, .own_group = true}};
  ASSERT_EQ(victim.letters(1), "T");
  const auto program = victim.program();
  ASSERT_TRUE(program.has_value());
  ::kill(*program, SIGSTOP);  // count-signals blocks SIGTSTP
  EXPECT_EQ(victim.wait_stopped(), SIGSTOP);
  EXPECT_EQ(state_of(*program), 'T');
  ::kill(victim.supervisor(), SIGCONT);
  ::kill(victim.supervisor(), SIGUSR2);
  EXPECT_EQ(victim.wait_supervisor(), exited(0));
}

TEST_F(SignalsTest, ATerminalStopOfTheSupervisorStopsBoth) {
  Victim victim{{.arguments = {"wait"}, .own_group = true}};
  ASSERT_EQ(victim.letters(1), "T");
  ::kill(victim.supervisor(), SIGTSTP);
  EXPECT_EQ(victim.wait_stopped(), SIGTSTP);
  EXPECT_EQ(state_of(victim.program().value()), 'T');
  ::kill(victim.supervisor(), SIGCONT);
  ::kill(victim.supervisor(), SIGTERM);
  EXPECT_EQ(victim.wait_supervisor(), killed_by(SIGTERM));
  EXPECT_TRUE(victim.all_gone_already());
}

}  // namespace
}  // namespace netrig::teardown
