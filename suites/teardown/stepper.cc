#include <netrig/suites/teardown/stepper.h>

#include <csignal>
#include <sys/ptrace.h>
#include <sys/wait.h>

namespace netrig::teardown {
namespace {

constexpr int kSystemCallStop = SIGTRAP | 0x80;  // with PTRACE_O_TRACESYSGOOD
constexpr unsigned long kStepping = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL;
constexpr unsigned long kFollowing = kStepping | PTRACE_O_TRACEFORK | PTRACE_O_TRACECLONE;

void set_options(pid_t pid, unsigned long options) { ::ptrace(PTRACE_SETOPTIONS, pid, nullptr, options); }

// The status of a stop of `pid`, or nothing when it ended.
std::optional<int> next_stop(Victim& victim, pid_t pid) {
  int status = 0;
  if (::waitpid(pid, &status, __WALL) != pid) return std::nullopt;
  if (WIFSTOPPED(status)) return status;
  victim.note_status(pid, status);
  return std::nullopt;
}

// The signal to hand on when continuing from a stop: none of the tracer's own.
int signal_of(int status) {
  const int signal = WSTOPSIG(status);
  const bool is_event = status >> 16 != 0;
  return is_event || signal == kSystemCallStop || signal == SIGTRAP || signal == SIGSTOP ? 0 : signal;
}

// Runs `parent` until it forks; lets it go and returns the child, which is stopped before its first instruction.
std::optional<pid_t> follow_fork(Victim& victim, pid_t parent) {
  set_options(parent, kFollowing);
  for (int signal = 0;;) {
    ::ptrace(PTRACE_CONT, parent, nullptr, signal);
    const auto status = next_stop(victim, parent);
    if (!status) return std::nullopt;
    const int event = *status >> 16;
    signal = signal_of(*status);
    if (event != PTRACE_EVENT_FORK && event != PTRACE_EVENT_CLONE) continue;
    unsigned long child = 0;
    ::ptrace(PTRACE_GETEVENTMSG, parent, nullptr, &child);
    ::ptrace(PTRACE_DETACH, parent, nullptr, nullptr);
    next_stop(victim, static_cast<pid_t>(child));
    return static_cast<pid_t>(child);
  }
}

Kill step_and_kill(Victim& victim, pid_t pid, int stop) {
  set_options(pid, kStepping);
  int signal = 0;
  for (int seen = 0; seen <= stop;) {
    ::ptrace(PTRACE_SYSCALL, pid, nullptr, signal);
    const auto status = next_stop(victim, pid);
    if (!status) return Kill::too_late;
    signal = signal_of(*status);
    if (WSTOPSIG(*status) == kSystemCallStop) ++seen;
  }
  ::kill(pid, SIGKILL);
  return Kill::done;
}

}  // namespace

Kill kill_at_stop(Victim& victim, Role role, int stop) {
  std::optional<pid_t> pid = victim.supervisor();
  if (!next_stop(victim, *pid)) return Kill::refused;
  for (int depth = 0; pid && depth < static_cast<int>(role); ++depth) pid = follow_fork(victim, *pid);
  if (!pid) return Kill::too_late;
  return step_and_kill(victim, *pid, stop);
}

}  // namespace netrig::teardown
