// A victim program seen from outside: started, watched, and proven gone.
//
//   Victim victim = start_victim({.arguments = {"daemons"}});
//   victim.expect_letters("DLT");             // both daemons and the test program live
//   victim.kill_supervisor();
//   EXPECT_EQ(victim.wait_supervisor(), SIGKILL);
//   EXPECT_TRUE(victim.all_gone());
#pragma once

#include <netrig/base/unique_fd.h>

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace netrig::teardown {

/// Only a leak or a hang gets there: beyond what any run takes where thirty others and a load share two processors with
/// it (70 s were seen), and less than ctest's limit, so that what is left is told.
inline constexpr std::chrono::seconds kPatience{180};

/// Which build of the sandbox the victim has.
enum class Build { real, held, without_death_signal, without_liveness };

struct VictimOptions {
  Build build = Build::real;
  std::string program = {};  ///< another program, which starts a victim itself
  std::vector<std::string> arguments = {};
  std::vector<std::string> environment = {};  ///< `NAME=value`, beside NETRIG_SANDBOX, which is unset otherwise
  std::vector<int> blocked = {};              ///< signals
  std::vector<int> ignored = {};              ///< signals
  bool own_group = false;                     ///< lead a process group of its own
  bool foreground = false;                    ///< ... that has the terminal
  bool traced = false;                        ///< ask to be traced and stop before the program is executed
  int output = -1;                            ///< standard output and error, instead of this program's
  std::function<void()> surroundings = {};    ///< what the process does to itself before all that; see surroundings.h
};

/// The path of a victim program.
std::string program_of(Build build);
/// The path of a program that is built into the folder of this one.
std::string program_beside(const std::string& name);

/// A raw wait status in words: `exit status 98`, `signal 9 (Killed)`.
std::string describe_end(int status);

/// A running victim. While it lives this process is the reaper of every process the victim loses: when none is left,
/// none is left anywhere. One at a time. At its end whatever is left is killed.
class Victim {
 public:
  explicit Victim(const VictimOptions& options);
  Victim(const Victim&) = delete;
  Victim& operator=(const Victim&) = delete;
  ~Victim();

  /// The supervisor: the process that was started.
  [[nodiscard]] pid_t supervisor() const { return supervisor_; }
  /// Its pidfd: readable once it has ended.
  [[nodiscard]] int supervisor_pidfd() const { return supervisor_pidfd_.get(); }
  /// The init, or nothing where there is none (yet).
  [[nodiscard]] std::optional<pid_t> init() const;
  /// The test program, or nothing.
  [[nodiscard]] std::optional<pid_t> program() const;
  /// Everything below the supervisor, itself included.
  [[nodiscard]] std::vector<pid_t> processes() const;

  /// The next `count` letters from the pipe, sorted; fewer when it ends or after the deadline.
  std::string letters(std::size_t count);
  /// Lets it live for that long, or until every process of it has let go of the pipe.
  void watch(std::chrono::microseconds time);
  /// The raw wait status of the supervisor. The test fails, and the result is -1, when it does not end by the deadline.
  int wait_supervisor();
  /// The signal that the supervisor was stopped by. The test fails, and the result is -1, when it ends or nothing
  /// happens.
  int wait_stopped();
  /// Waits until no process is left: none to reap, none with this run's tag in its environment, the pipe at its end.
  /// A failure says what is left when nothing more ends for the length of `patience`.
  testing::AssertionResult all_gone(std::chrono::seconds patience = kPatience);
  /// The same, but at once: nothing is waited for.
  testing::AssertionResult all_gone_already();
  /// Says that a tracer has reaped the supervisor itself.
  void note_status(pid_t pid, int status) { statuses_[pid] = status; }

 private:
  bool reap_one(std::chrono::seconds patience);
  bool pipe_ended();

  pid_t supervisor_ = -1;
  UniqueFd supervisor_pidfd_;
  UniqueFd pipe_;
  std::string tag_;
  std::map<pid_t, int> statuses_;
};

/// The state of a process, as proc_pid_stat(5) has it: R, S, T (stopped), ...; 0 when it is gone.
char state_of(pid_t pid);

/// The direct children of `pid`. Empty when it is gone.
std::vector<pid_t> children_of(pid_t pid);

}  // namespace netrig::teardown
