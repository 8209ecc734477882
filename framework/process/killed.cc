// The end of a program that was killed, which a tracer may hold.
#include <netrig/base/unique_fd.h>
#include <netrig/process/child.h>
#include <netrig/sandbox/holders.h>

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <cerrno>
#include <csignal>
#include <fstream>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace netrig::process {

namespace {

// With all of its threads, as proc_pid_status(5) has it: the first one is dead, and no other is left.
bool is_dead(pid_t pid) {
  std::ifstream status{"/proc/" + std::to_string(pid) + "/status"};
  bool zombie = false, alone = false;
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("State:")) zombie = line.contains('Z');
    if (line.starts_with("Threads:")) alone = line.ends_with("\t1");
  }
  return zombie && alone;
}

// True when the child was reaped, by this call or by somebody else.
bool reap(pid_t pid) {
  siginfo_t info{};
  while (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG) != 0) {
    if (errno != EINTR) return true;
  }
  return info.si_pid == pid;
}

}  // namespace

std::optional<std::string> why_held(pid_t pid) {
  const auto tracer = sandbox::tracer_of(pid);
  const bool dead = is_dead(pid);
  if (tracer) {
    return fmt::format("{}{}", fmt::streamed(*tracer), dead ? ": it is dead, and that one must let go of it" : "");
  }
  if (!dead) return std::nullopt;
  return "it is dead and not yet reaped: this process is behind, or a process outside of the sandbox, which cannot be "
         "seen from here, traces it: a debugger or strace on the host, which must let go of it";
}

std::string why_not_gone(pid_t pid) {
  return why_held(pid).value_or("the kernel does not let go of it: is it in uninterruptible sleep?");
}

Result<ExitStatus> Child::kill(Deadline last, Deadline::Clock::duration patience) {
  signal_group(SIGKILL);
  for (;;) {
    auto status = wait(patience < last.remaining() ? Deadline::after(patience) : last);
    if (status) return status;
    if (ended()) return wait(Deadline::never());
    const auto held = why_held(pid());
    if (!held && !last.passed()) continue;
    const auto why = held ? *held : why_not_gone(pid());
    if (ended()) return wait(Deadline::never());  // meanwhile: its number may be another's
    return fail(error("kill", ETIMEDOUT, why));
  }
}

// The kernel tells of the end, and once more when a tracer lets go of it: see Child::attach(). Where there is no
// descriptor to hear it by, the wait has no limit: unreaped the child would keep its whole space.
Result<void> kill_and_reap(pid_t pid, Deadline last, Deadline::Clock::duration patience) {
  ::kill(pid, SIGKILL);
  const UniqueFd end{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
  const UniqueFd epoll{::epoll_create1(EPOLL_CLOEXEC)};
  epoll_event event{.events = EPOLLIN | EPOLLET, .data = {}};
  if (!end || !epoll || ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, end.get(), &event) != 0) {
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    return {};
  }
  while (!reap(pid)) {
    const auto until = patience < last.remaining() ? Deadline::after(patience) : last;
    if (NETRIG_TRY(wait_readable(epoll.get(), until))) {
      ::epoll_wait(epoll.get(), &event, 1, 0);
      continue;
    }
    if (!last.passed() && !why_held(pid)) continue;
    return fail(Error::from_errno("kill process " + std::to_string(pid), "", ETIMEDOUT, why_not_gone(pid)));
  }
  return {};
}

}  // namespace netrig::process
