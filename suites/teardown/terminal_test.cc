// A program in a sandbox on a terminal: Ctrl-C, Ctrl-Z and fg, as a shell's user has them.
#include <netrig/base/deadline.h>
#include <netrig/base/error.h>
#include <netrig/suites/teardown/observer.h>
#include <netrig/suites/teardown/surroundings.h>
#include <netrig/suites/teardown/teardown_test.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <fstream>
#include <functional>
#include <pty.h>
#include <string>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

namespace netrig::teardown {
namespace {

// The part of a shell: runs in a session of its own whose terminal is a pseudo-terminal, and says by its exit status
// which of its expectations failed (0: none).
class Shell {
 public:
  explicit Shell(int keyboard) : keyboard_{keyboard} {
    ::signal(SIGTTOU, SIG_IGN);  // a shell takes its terminal back from the background
  }

  void type(char key) const {
    if (::write(keyboard_, &key, 1) != 1) ::_exit(90);
  }
  // Starts `victim` as the foreground job.
  void give_terminal_to(const Victim& victim) const { ::tcsetpgrp(STDIN_FILENO, victim.supervisor()); }
  void take_terminal() const { ::tcsetpgrp(STDIN_FILENO, ::getpgrp()); }

 private:
  int keyboard_;
};

// Another process of the victim's group, as a shell's job has several: its caller, or the rest of a pipeline. It leaves
// a SIGTSTP, SIGTTIN or SIGTTOU pending for everybody to see. A group that is signalled by a member is signalled as a
// whole before that member stops.
class Neighbour {
 public:
  explicit Neighbour(const Victim& victim) : pid_{start()} {
    EXPECT_EQ(::setpgid(pid_, victim.supervisor()), 0) << std::strerror(errno);
  }
  Neighbour(const Neighbour&) = delete;
  Neighbour& operator=(const Neighbour&) = delete;
  ~Neighbour() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  [[nodiscard]] bool was_told(int signal) const {
    std::ifstream status{"/proc/" + std::to_string(pid_) + "/status"};
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("ShdPnd:")) return (std::stoull(line.substr(7), nullptr, 16) >> (signal - 1) & 1U) != 0;
    }
    return false;
  }

 private:
  static pid_t start() {
    sigset_t stops, before;
    ::sigemptyset(&stops);
    for (const int signal : {SIGTSTP, SIGTTIN, SIGTTOU}) ::sigaddset(&stops, signal);
    ::sigprocmask(SIG_BLOCK, &stops, &before);
    const pid_t pid = ::fork();
    const int error = errno;
    if (pid == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      for (;;) ::pause();
    }
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    if (pid < 0) throw SetupError{Error::from_errno("fork a neighbour of the victim", "", error)};
    return pid;
  }

  const pid_t pid_;
};

// How a child ended that did `act`: 0 when it returned without a failure. What it throws is one too, and must not get
// into the child's copy of the test runner.
int status_of_child(const std::function<void()>& act) {
  const pid_t child = ::fork();
  require(child >= 0, "fork");
  if (child == 0) {
    try {
      act();
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what();
    }
    ::_exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = -1;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

class TerminalTest : public TeardownTest {
 protected:
  // 0 when `scene` returned, in a session with a terminal, without a failure.
  static int play(const std::function<void(const Shell&)>& scene) {
    int keyboard = -1;
    int screen = -1;
    if (::openpty(&keyboard, &screen, nullptr, nullptr, nullptr) != 0) return -1;
    const UniqueFd keyboard_owner{keyboard};
    const UniqueFd screen_owner{screen};
    return status_of_child([&] {
      const int report = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 100);
      ::login_tty(screen);
      ::dup2(report, STDERR_FILENO);
      scene(Shell{keyboard});
    });
  }

  // The same in a session without a terminal, as a job of CI has it.
  static int play_without_terminal(const std::function<void()>& scene) {
    return status_of_child([&] {
      ::setsid();
      scene();
    });
  }
};

TEST_F(TerminalTest, CtrlCInterruptsTheProgramOnce) {
  EXPECT_EQ(play([](const Shell& shell) {
              Victim victim{{.arguments = {"count-signals"}, .own_group = true, .foreground = true}};
              EXPECT_EQ(victim.letters(1), "T");
              shell.type(3);
              EXPECT_EQ(victim.letters(1), "b");  // SIGINT
              ::kill(victim.supervisor(), SIGUSR2);
              EXPECT_EQ(victim.letters(1), "l");
              EXPECT_EQ(victim.wait_supervisor(), exited(0));
            }),
            0);
}

TEST_F(TerminalTest, CtrlCEndsAProgramThatDoesNotMind) {
  EXPECT_EQ(play([](const Shell& shell) {
              Victim victim{{.arguments = {"daemons"}, .own_group = true, .foreground = true}};
              EXPECT_EQ(victim.letters(3), "DLT");
              shell.type(3);
              EXPECT_EQ(victim.wait_supervisor(), killed_by(SIGINT));
              EXPECT_TRUE(victim.all_gone_already());
              EXPECT_EQ(::tcgetpgrp(STDIN_FILENO), victim.supervisor());  // given back to the caller's job
            }),
            0);
}

TEST_F(TerminalTest, CtrlZStopsItAndFgContinuesIt) {
  EXPECT_EQ(play([](const Shell& shell) {
              Victim victim{{.arguments = {"read-line"}, .own_group = true, .foreground = true}};
              EXPECT_EQ(victim.letters(1), "T");
              const auto program = victim.program();
              shell.type(26);
              EXPECT_EQ(victim.wait_stopped(), SIGTSTP);
              EXPECT_EQ(state_of(program.value()), 'T');
              shell.take_terminal();
              shell.give_terminal_to(victim);  // fg
              ::kill(-victim.supervisor(), SIGCONT);
              shell.type('x');
              shell.type('\n');
              EXPECT_EQ(victim.wait_supervisor(), exited(0));
              EXPECT_TRUE(victim.all_gone_already());
            }),
            0);
}

TEST_F(TerminalTest, CtrlZStopsTheWholeJobOfTheCaller) {
  EXPECT_EQ(play([](const Shell& shell) {
              Victim victim{{.arguments = {"wait"}, .own_group = true, .foreground = true}};
              const Neighbour neighbour{victim};
              EXPECT_EQ(victim.letters(1), "T");
              shell.type(26);
              EXPECT_EQ(victim.wait_stopped(), SIGTSTP);
              EXPECT_TRUE(neighbour.was_told(SIGTSTP));
            }),
            0);
}

TEST_F(TerminalTest, AStopThatTheProgramHandledIsNotTakenForALaterCtrlZ) {
  EXPECT_EQ(play([](const Shell& shell) {
              Victim victim{{.arguments = {"handle-stops-at-first"}, .own_group = true, .foreground = true}};
              const Neighbour neighbour{victim};
              EXPECT_EQ(victim.letters(1), "T");
              ::kill(victim.supervisor(), SIGTSTP);
              EXPECT_EQ(victim.letters(1), "S");
              ::kill(victim.supervisor(), SIGUSR1);
              EXPECT_EQ(victim.letters(1), "U");
              shell.type(26);
              EXPECT_EQ(victim.wait_stopped(), SIGTSTP);
              EXPECT_TRUE(neighbour.was_told(SIGTSTP));
            }),
            0);
}

TEST_F(TerminalTest, AStopSentToTheSupervisorStopsNobodyElse) {
  EXPECT_EQ(play([](const Shell& /*shell*/) {
              Victim victim{{.arguments = {"wait"}, .own_group = true, .foreground = true}};
              const Neighbour neighbour{victim};
              EXPECT_EQ(victim.letters(1), "T");
              ::kill(victim.supervisor(), SIGTSTP);
              EXPECT_EQ(victim.wait_stopped(), SIGTSTP);
              EXPECT_FALSE(neighbour.was_told(SIGTSTP));
            }),
            0);
}

// The job of a program that stops itself may be a whole build.
TEST_F(TerminalTest, WithoutATerminalAProgramThatStopsItselfStopsNobodyElse) {
  EXPECT_EQ(play_without_terminal([] {
              for (const int signal : {SIGTSTP, SIGTTIN, SIGTTOU, SIGSTOP}) {
                Victim victim{{.arguments = {"stop-by", std::to_string(signal)}, .own_group = true}};
                const Neighbour neighbour{victim};
                EXPECT_EQ(victim.letters(1), "T");
                ::kill(victim.supervisor(), SIGUSR1);
                EXPECT_EQ(victim.wait_stopped(), signal);
                EXPECT_FALSE(neighbour.was_told(signal)) << ::strsignal(signal);
                ::kill(victim.supervisor(), SIGCONT);
                EXPECT_EQ(victim.letters(1), "C");
                EXPECT_EQ(victim.wait_supervisor(), exited(0));
              }
            }),
            0);
}

TEST_F(TerminalTest, ABackgroundProgramThatReadsStopsUntilItIsInTheForeground) {
  EXPECT_EQ(play([](const Shell& shell) {
              Victim victim{{.arguments = {"read-line"}, .own_group = true}};
              EXPECT_EQ(victim.wait_stopped(), SIGTTIN);
              shell.give_terminal_to(victim);
              ::kill(-victim.supervisor(), SIGCONT);
              shell.type('x');
              shell.type('\n');
              EXPECT_EQ(victim.wait_supervisor(), exited(0));
            }),
            0);
}

// A window that is closed, a connection that is lost: the terminal hangs up, on a test program that leads its session.
TEST_F(TerminalTest, AHangUpEndsALabAndItsDaemons) {
  const auto table = observe([](Observer& observer) {
    int keyboard = -1;
    int screen = -1;
    ASSERT_EQ(::openpty(&keyboard, &screen, nullptr, nullptr, nullptr), 0);
    ::fcntl(keyboard, F_SETFD, FD_CLOEXEC);
    UniqueFd keyboard_owner{keyboard};
    UniqueFd screen_owner{screen};
    Victim victim{{.program = program_beside("netrig_lab_victim"),
                   .environment = observer.environment(),
                   .surroundings = [screen] { ::login_tty(screen); }}};
    screen_owner.reset();
    EXPECT_EQ(victim.letters(3), "BPU");  // a lab with programs, one of them a daemon
    keyboard_owner.reset();
    EXPECT_EQ(victim.wait_supervisor(), killed_by(SIGHUP));
    observer.note("a hang-up of the terminal", victim);
  });
  if (!IsSkipped()) table.record();
}

}  // namespace
}  // namespace netrig::teardown
