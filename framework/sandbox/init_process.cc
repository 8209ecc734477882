#include <netrig/sandbox/init_process.h>
#include <netrig/sandbox/patience.h>
#include <netrig/sandbox/supervisor.h>

#include <sys/socket.h>
#include <sys/wait.h>

namespace netrig::sandbox {
namespace {

pid_t clone_init(const InitPlan& plan) {
  const pid_t pid = raw::clone_process(all_namespace_flags(), SIGCHLD, nullptr);
  if (pid == 0) run_init(plan);
  return pid;
}

pid_t clone_init_patiently(const InitPlan& plan) {
  pid_t pid = clone_init(plan);
  if (pid >= 0 || errno != ENOSPC) return pid;
  NamespacePatience patience = patience_of_outside({"user", "pid", "mnt", "net", "ipc", "uts"});
  for (;; pid = clone_init(plan)) {
    if (pid >= 0 || errno != ENOSPC) return pid;
    const bool again = patience.wait();
    errno = ENOSPC;
    if (!again) return pid;
  }
}

}  // namespace

InitProcess start_init(InitPlan& plan) {
  InitProcess init;
  const UniqueFd self{static_cast<int>(raw::call(SYS_pidfd_open, ::getpid(), 0))};
  int ends[2] = {-1, -1};
  init.error = self.valid() ? make_channel(ends) : errno;
  if (init.error != 0) return init;
  init.channel.reset(ends[0]);
  const UniqueFd inner_end{ends[1]};
  const int on = 1;
  ::setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
  plan.supervisor = self.get();
  plan.supervisors_end = ends[0];
  plan.reports = ends[1];
  init.pid = take_step(Step::user_namespace) ? clone_init_patiently(plan) : -1;
  if (init.pid < 0) {
    const Failure refused = first_refused_namespace(errno);
    init.step = refused.step;
    init.error = refused.error;
  } else if (plan.ids.wanted != IdRange::single) {
    const MapsWritten written = write_maps_of(init.pid, plan.ids);
    send_message(ends[0], &written, sizeof written);  // an init that is gone shows as the end of the channel
  }
  return init;
}

int wait_for_init(pid_t init) noexcept {
  int status = 0;
  pid_t ended = 0;
  do {
    ended = ::waitpid(init, &status, 0);
  } while (ended < 0 && errno == EINTR);
  return ended < 0 ? 0 : status;
}

Failure silent_end(Step last, int status) noexcept {
  return {last, ENODATA, WIFSIGNALED(status) ? WTERMSIG(status) : 0};
}

}  // namespace netrig::sandbox
