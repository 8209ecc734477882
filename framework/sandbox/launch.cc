#include <netrig/sandbox/launch.h>

#include <fcntl.h>
#include <sys/ioctl.h>

#include <linux/keyctl.h>
#include <linux/sched.h>

namespace netrig::sandbox {
namespace {

// Its own group, so that kill(0, ...) in the test does not reach the caller, and terminal signals reach it once.
int make_program_group(const InitPlan& plan) noexcept {
  if (raw::call(SYS_setpgid, 0, 0) != 0) return errno;
  if (plan.terminal < 0) return 0;
  // With SIGTTOU blocked, as every signal is here, a background process may do this. That there is no terminal any more
  // is no failure.
  const auto own = static_cast<pid_t>(raw::call(SYS_getpid));
  raw::call(SYS_ioctl, plan.terminal, TIOCSPGRP, &own);
  return 0;
}

void restore_signals(const InitPlan& plan) noexcept {
  if (plan.ignores_children) raw::set_action(SIGCHLD, SIG_IGN);
  raw::set_mask(plan.mask);
}

// A session keyring of its own (session-keyring(7)): the caller's, with what it can open, would be inherited by every
// program of every lab. A seccomp filter may forbid the call, which then is forbidden to those programs too; a quota of
// keys (kernel.keys.maxkeys) that is used up leaves the caller's in place.
void leave_keyring() noexcept { raw::call(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr); }

// Executed, not just continued: every static initialiser and every thread is to start inside. Being uid 0 there, the
// program keeps its capabilities, whatever the map.
int execute(const InitPlan& plan, const Inside& inside) noexcept {
  if (raw::call(SYS_fcntl, inside.spaces, F_SETFD, 0) != 0) return errno;
  format_marker({namespace_inode("/proc/self/ns/pid"), namespace_inode("/proc/self/ns/net"), Mode::pid_namespace,
                 inside.ids, inside.spaces, inside.processes},
                plan.marker);
  leave_keyring();
  restore_signals(plan);
  raw::call(SYS_execve, "/proc/self/exe", plan.arguments, plan.environment);
  return errno;
}

[[noreturn]] void become_program(const InitPlan& plan, const Inside& inside) noexcept {
  Report report{Report::failed, Step::program_group, 0};
  if (take_step(Step::program_group)) report.value = make_program_group(plan);
  if (report.value == 0 && take_step(Step::program_exec)) {
    report.step = Step::program_exec;
    report.value = execute(plan, inside);
  }
  send_message(plan.reports, &report, sizeof report);
  raw::exit_now(127);
}

}  // namespace

Program launch_program(const InitPlan& plan, const Inside& inside) noexcept {
  Program program;
  if (!take_step(Step::program_fork)) return program;
  program.pid = raw::clone_process(CLONE_PIDFD, SIGCHLD, &program.pidfd);
  if (program.pid == 0) become_program(plan, inside);
  if (program.pid < 0) {
    program.error = errno;
    return program;
  }
  // Here too, so that the group exists before the supervisor hears of the program. After the exec it is refused, and
  // made.
  raw::call(SYS_setpgid, program.pid, program.pid);
  const Report report{Report::started, Step::program_exec, 0};
  // Not a check of the supervisor's life, which is the death signal's business from the poll on.
  send_message(plan.reports, &report, sizeof report, &program.pidfd, 1, program.pid);
  return program;
}

}  // namespace netrig::sandbox
