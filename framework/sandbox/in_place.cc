#include <netrig/base/unique_fd.h>
#include <netrig/sandbox/ids.h>
#include <netrig/sandbox/in_place.h>
#include <netrig/sandbox/init_process.h>
#include <netrig/sandbox/kernel_guard.h>
#include <netrig/sandbox/limit_processes.h>
#include <netrig/sandbox/patience.h>
#include <netrig/sandbox/progress.h>
#include <netrig/sandbox/quiet_signals.h>
#include <netrig/sandbox/room.h>
#include <netrig/sandbox/scribe.h>
#include <netrig/sandbox/space_init.h>
#include <netrig/sandbox/state.h>

#include <cstdlib>
#include <sched.h>
#include <span>
#include <string>
#include <sys/wait.h>
#include <utility>
#include <vector>

namespace netrig::sandbox {
namespace {

std::vector<std::string> kinds_in_place() { return {"user", "mnt", "net", "ipc", "uts"}; }

struct Chore {
  Step step;
  int (*action)() noexcept;
};

int unshare(unsigned long flag) noexcept { return raw::call(SYS_unshare, flag) == 0 ? 0 : errno; }

// `progress`: where the steps are noted, or nullptr; here and below.
Failure do_all(std::span<const Chore> chores, volatile Step* progress) noexcept {
  for (const auto& [step, action] : chores) {
    if (progress != nullptr) *progress = step;
    if (const int error = action()) return {step, error};
  }
  return {chores.back().step, 0};
}

// Where the rehearsal just had one, the kernel has yet to reap it, or another program's. As long as it takes: there
// is no way back from here.
int unshare_patiently(unsigned long flag) {
  return try_patiently(NamespacePatience{kinds_in_place(), {.outer = NamespacePatienceSpans{}.reaping}},
                       [flag] { return unshare(flag); });
}

// Each by `unshare`, which gives an errno value or 0.
Failure make_namespaces(int (*unshare)(unsigned long flag), volatile Step* progress = nullptr) {
  constexpr std::pair<Step, unsigned long> kNamespaces[] = {
      {Step::user_namespace, CLONE_NEWUSER}, {Step::mount_namespace, CLONE_NEWNS}, {Step::net_namespace, CLONE_NEWNET},
      {Step::ipc_namespace, CLONE_NEWIPC},   {Step::uts_namespace, CLONE_NEWUTS},
  };
  for (const auto& [step, flag] : kNamespaces) {
    if (progress != nullptr) *progress = step;
    if (const int error = unshare(flag)) return {step, error};
  }
  return {Step::uts_namespace, 0};
}

// /proc stays, but for what is made read-only in it: this process's pid namespace is the old one's.
Failure furnish(volatile Step* progress = nullptr) noexcept {
  constexpr Chore kFurniture[] = {
      {Step::private_mounts, make_mounts_private},
      {Step::proc, guard_old_proc},
      {Step::sysctl, open_sysctl},
      {Step::sysfs, mount_sysfs},
      {Step::run, mount_run},
      {Step::loopback, bring_loopback_up},
      {Step::enter, enter_own_network},
  };
  return do_all(kFurniture, progress);
}

// What the child of rehearse() does.
Failure try_all(const IdPlan& ids, volatile Step* progress) {
  if (const Failure failure = make_namespaces(unshare, progress); failure.error != 0) return failure;
  if (progress != nullptr) *progress = Step::id_maps;
  if (const int error = write_single_maps(ids, {false, false, 0})) return {Step::id_maps, error};
  return furnish(progress);
}

// With its single id, in a child, which sends what failed.
Failure rehearse(const IdPlan& ids) {
  int ends[2];
  if (const int error = make_channel(ends)) return {Step::prepare, error};
  const UniqueFd ours{ends[0]};
  UniqueFd theirs{ends[1]};
  const Progress progress;
  const pid_t child = raw::clone_process(0, SIGCHLD, nullptr);
  if (child < 0) return {Step::prepare, errno};
  if (child == 0) {
    const Failure failure = try_all(ids, progress.place());
    send_message(ends[1], &failure, sizeof failure);
    raw::exit_now(0);
  }
  theirs.reset();
  Failure failure{Step::prepare, 0};
  Extras none;
  const int error = receive_message(ours.get(), &failure, sizeof failure, none);
  const int status = wait_for_init(child);
  if (error == ENODATA) return silent_end(progress.last(), status);
  return error == 0 ? failure : Failure{Step::prepare, error};
}

Failure rehearse_patiently(const IdPlan& ids) {
  Failure failure = rehearse(ids);
  if (failure.error != ENOSPC) return failure;
  NamespacePatience patience = patience_of_outside(kinds_in_place());
  while (failure.error == ENOSPC && patience.wait()) failure = rehearse(ids);
  return failure;
}

// A process of this thread's that makes the program spaces, as the init does otherwise: of one thread, so that they
// end with it, and it with this program, though they be stopped. The descriptor that requests are sent to, or -1.
int start_server() {
  int ends[2];
  if (make_channel(ends) != 0) return -1;
  const UniqueFd requests{ends[1]};
  const UniqueFd self{static_cast<int>(raw::call(SYS_pidfd_open, ::getpid(), 0))};
  const pid_t server = self.valid() ? raw::clone_process(0, 0, nullptr) : -1;  // no SIGCHLD, and no plain wait sees it
  if (server == 0) serve_spaces(requests.get(), self.get());
  UniqueFd ours{ends[0]};
  return server > 0 ? ours.release() : -1;
}

void note_inside(IdRange ids, const ProcessLimit& processes) {
  Marker marker{
      namespace_inode("/proc/self/ns/pid"), namespace_inode("/proc/self/ns/net"), Mode::in_place, ids, -1, processes};
  char variable[kMarkerSize];
  format_marker(marker, variable);
  ::setenv(kMarkerName.data(), variable + kMarkerName.size() + 1, 1);
  marker.spaces = start_server();
  state() = {marker, ""};
}

}  // namespace

Failure enter_in_place(std::uint32_t processes) {
  const QuietSignals quiet;
  const IdPlan ids = plan_ids();
  const ProcessLimitPlan limit = plan_process_limit(processes, false);
  if (const Failure failure = rehearse_patiently(ids); failure.error != 0) return failure;
  Scribe scribe{ids};
  if (const Failure failure = make_namespaces(unshare_patiently); failure.error != 0) return failure;
  const MapsWritten written = scribe.write();
  if (const int error = write_single_maps(ids, written)) return {Step::id_maps, error};
  const Failure failure = furnish();
  if (failure.error == 0) note_inside(static_cast<IdRange>(written.ids), limit_processes(limit));
  return failure;
}

}  // namespace netrig::sandbox
