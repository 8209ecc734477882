#include <netrig/sandbox/raw.h>
#include <netrig/sandbox/room.h>
#include <netrig/sandbox/space_init.h>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

namespace netrig::sandbox {
namespace {

void answer_failure(int lease, Step step, int error) noexcept {
  const SpaceReply reply{step, error};
  send_message(lease, &reply, sizeof reply);
}

int furnish_space() noexcept {
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

// Reaps until there is something on `channel`, and ends the process with that of the pidfd `owner`.
void reap_until_ready(int children, int channel, int owner) noexcept {
  for (;;) {
    reap_all();
    pollfd events[] = {{children, POLLIN, 0}, {channel, POLLIN, 0}, {owner, POLLIN, 0}};
    if (raw::call(SYS_ppoll, events, 3, nullptr, nullptr, 0) < 0) continue;
    if (events[2].revents != 0) raw::exit_now(0);
    if (events[1].revents != 0) return;
    signalfd_siginfo signal;
    raw::call(SYS_read, children, &signal, sizeof signal);
  }
}

int watch_children() noexcept { return raw::signal_fd(raw::bit_of(SIGCHLD), SFD_CLOEXEC | SFD_NONBLOCK); }

void die_with_parent() noexcept { raw::call(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); }

[[noreturn]] void run_space(int lease, int owner, SpaceParent parent) noexcept {
  // A parent that is gone already has taken the owner with it, or went with it: that is watched.
  if (parent == SpaceParent::server) die_with_parent();
  const int kept[] = {lease, owner};
  raw::close_all_except(kept, 2);  // first: what the starter holds, it alone shall hold
  raw::call(SYS_setpgid, 0, 0);    // away from the test's kill(0, ...)
  Step step = Step::space_mounts;
  int error = take_step(step) ? furnish_space() : 0;
  if (error == 0) {
    step = Step::space_reply;
    error = take_step(step) ? hand_over(lease) : 0;
  }
  if (error == 0) {
    reap_until_ready(watch_children(), lease, owner);  // nothing is sent: it is the end of the lease
    raw::exit_now(0);
  }
  answer_failure(lease, step, error);
  raw::exit_now(1);
}

}  // namespace

pid_t start_space(int lease, int owner, SpaceParent parent) noexcept {
  // A network and a host name too, though it uses neither: the lab's programs could enter those of the init, and so
  // change the test's own, and meet other labs there.
  constexpr unsigned long kOwn = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS;
  const int exit_signal = parent == SpaceParent::server ? SIGCHLD : 0;
  const pid_t init = take_step(Step::space_clone) ? raw::clone_process(kOwn, exit_signal, nullptr) : -1;
  if (init == 0) run_space(lease, owner, parent);
  if (init < 0) answer_failure(lease, Step::space_clone, errno);
  return init;
}

bool serve_request(int requests) noexcept {
  SpaceRequest request;
  Extras extras;
  const int error = receive_message(requests, &request, sizeof request, extras);
  if (error == 0) start_space(extras.descriptors[0], extras.descriptors[1], SpaceParent::server);
  for (const int fd : extras.descriptors) {
    if (fd >= 0) raw::close_fd(fd);
  }
  return error != ENODATA;
}

void serve_spaces(int requests, int owner) noexcept {
  const int kept[] = {requests, owner};
  raw::close_all_except(kept, 2);
  die_with_parent();
  raw::call(SYS_setpgid, 0, 0);
  const int children = watch_children();
  do {
    reap_until_ready(children, requests, owner);
  } while (serve_request(requests));
  raw::exit_now(0);
}

}  // namespace netrig::sandbox
