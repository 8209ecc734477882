#include <netrig/sandbox/raw.h>
#include <netrig/sandbox/room.h>
#include <netrig/sandbox/space_init.h>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

namespace netrig::sandbox {
namespace {

void answer_failure(int lease, Step step, int error) noexcept {
  const SpaceReply reply{step, error};
  send_message(lease, &reply, sizeof reply);
}

int furnish() noexcept {
  if (const int error = make_mounts_private()) return error;
  if (const int error = mount_proc()) return error;
  return mount_run();
}

int open_readable(const char* path) noexcept {
  return static_cast<int>(raw::call(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0));
}

int hand_over(int lease) noexcept {
  const int own[] = {open_readable("/proc/self/ns/pid"), open_readable("/proc/self/ns/mnt"),
                     static_cast<int>(raw::call(SYS_pidfd_open, raw::call(SYS_getpid), 0))};
  for (const int fd : own) {
    if (fd < 0) return errno;
  }
  const SpaceReply reply{Step::space_reply, 0};
  const int error = send_message(lease, &reply, sizeof reply, own, 3);
  // Kept open they would hold this namespace's own life: harmless, but nobody's business.
  for (const int fd : own) raw::close_fd(fd);
  return error;
}

void reap_all() noexcept {
  while (raw::call(SYS_wait4, -1, nullptr, WNOHANG | __WALL, nullptr) > 0) {
  }
}

[[noreturn]] void keep_house(int lease, int owner) noexcept {
  const int children = raw::signal_fd(raw::bit_of(SIGCHLD), SFD_CLOEXEC | SFD_NONBLOCK);
  for (;;) {
    reap_all();
    pollfd events[] = {{children, POLLIN, 0}, {lease, POLLIN, 0}, {owner, POLLIN, 0}};
    if (raw::call(SYS_ppoll, events, 3, nullptr, nullptr, 0) < 0) continue;
    if (events[1].revents != 0 || events[2].revents != 0) raw::exit_now(0);
    signalfd_siginfo signal;
    raw::call(SYS_read, children, &signal, sizeof signal);
  }
}

[[noreturn]] void run_space(int lease, int owner) noexcept {
  const int kept[] = {lease, owner};
  raw::close_all_except(kept, 2);  // first: what the starter holds, it alone shall hold
  raw::call(SYS_setpgid, 0, 0);    // away from the test's kill(0, ...)
  Step step = Step::space_mounts;
  int error = take_step(step) ? furnish() : 0;
  if (error == 0) {
    step = Step::space_reply;
    error = take_step(step) ? hand_over(lease) : 0;
  }
  if (error == 0) keep_house(lease, owner);
  answer_failure(lease, step, error);
  raw::exit_now(1);
}

}  // namespace

pid_t start_space(int lease, int owner, int exit_signal) noexcept {
  // A network and a host name too, though it uses neither: the lab's programs could enter those of the init, and so
  // change the test's own, and meet other labs there.
  constexpr unsigned long kOwn = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS;
  const pid_t init = take_step(Step::space_clone) ? raw::clone_process(kOwn, exit_signal, nullptr) : -1;
  if (init == 0) run_space(lease, owner);
  if (init < 0) answer_failure(lease, Step::space_clone, errno);
  return init;
}

}  // namespace netrig::sandbox
