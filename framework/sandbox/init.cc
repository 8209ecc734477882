#include <netrig/sandbox/init.h>
#include <netrig/sandbox/kernel_guard.h>
#include <netrig/sandbox/launch.h>
#include <netrig/sandbox/probe_net.h>
#include <netrig/sandbox/reaper.h>
#include <netrig/sandbox/room.h>

#include <poll.h>
#include <sys/prctl.h>

namespace netrig::sandbox {
namespace {

[[noreturn]] void fail_at(const InitPlan& plan, Step step, int error) noexcept {
  const Report report{Report::failed, step, error};
  send_message(plan.reports, &report, sizeof report);
  raw::exit_now(1);
}

void begin(const InitPlan& plan, Step step) noexcept {
  if (plan.progress != nullptr) *plan.progress = step;
}

// Takes the step, or ends here with a report.
template <class Action>
void take(const InitPlan& plan, Step step, Action action) noexcept {
  if (!take_step(step)) return;
  begin(plan, step);
  if (const int error = action()) fail_at(plan, step, error);
}

int arm_death_signal() noexcept { return raw::call(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 ? 0 : errno; }

// After the death signal is armed: a supervisor that died before sent none. In a new pid namespace getppid() is always
// 0 and proves nothing, so ask its pidfd, which is readable once it is dead.
int leave_if_orphaned(const InitPlan& plan) noexcept {
  pollfd supervisor{plan.supervisor, POLLIN, 0};
  timespec now{0, 0};
  if (raw::call(SYS_ppoll, &supervisor, 1, &now, nullptr, 0) > 0) raw::exit_now(1);
  return 0;
}

void bind_to_supervisor(const InitPlan& plan) noexcept {
  take(plan, Step::death_signal, arm_death_signal);
  take(plan, Step::liveness, [&] { return leave_if_orphaned(plan); });
}

// The supervisor writes what takes its privileges and says so; the rest is self-written.
MapsWritten write_maps(const InitPlan& plan) noexcept {
  MapsWritten written{false, false, static_cast<std::uint8_t>(IdRange::single)};
  take(plan, Step::id_maps, [&]() noexcept -> int {
    if (plan.ids.wanted != IdRange::single) {
      Extras none;
      if (const int error = receive_message(plan.reports, &written, sizeof written, none)) return error;
    }
    return write_single_maps(plan.ids, written);
  });
  return written;
}

// The limit while pid_max can be written: the guard makes it read-only for the host's root.
ProcessLimit furnish_proc(const InitPlan& plan) noexcept {
  ProcessLimit limit;
  // Before anything reads /proc: the old one shows the outer pids.
  take(plan, Step::proc, [&]() noexcept -> int {
    if (const int error = mount_open_proc()) return error;
    limit = limit_processes(plan.processes);
    return guard_new_proc();
  });
  return limit;
}

ProcessLimit furnish(const InitPlan& plan) noexcept {
  take(plan, Step::private_mounts, make_mounts_private);  // before any mount, or the mounts would show outside
  const ProcessLimit limit = furnish_proc(plan);
  take(plan, Step::sysctl, open_sysctl);
  take(plan, Step::sysfs, mount_sysfs);
  take(plan, Step::run, mount_run);
  take(plan, Step::loopback, bring_loopback_up);
  take(plan, Step::enter, enter_own_network);
  return limit;
}

[[noreturn]] void end_probe(const InitPlan& plan) noexcept {
  take(plan, Step::veth, make_veth_pair);
  take(plan, Step::nft, make_nft_table);
  const Report report{Report::passed, Step::nft, 0};
  send_message(plan.reports, &report, sizeof report);
  raw::exit_now(0);
}

}  // namespace

void run_init(const InitPlan& plan) noexcept {
  // Else the end of the channel would never come: the init would hold both ends.
  raw::close_fd(plan.supervisors_end);
  bind_to_supervisor(plan);  // first: nothing may exist that outlives the supervisor
  // Away from the terminal's signals and the caller's kill(0, ...).
  take(plan, Step::process_group, []() noexcept { return raw::call(SYS_setpgid, 0, 0) == 0 ? 0 : errno; });
  const MapsWritten maps = write_maps(plan);
  if (maps.uid || maps.gid) bind_to_supervisor(plan);  // a change of ids clears the death signal
  const ProcessLimit limit = furnish(plan);
  if (plan.probe) end_probe(plan);
  begin(plan, Step::program_fork);
  int requests[2];
  if (const int error = make_channel(requests)) fail_at(plan, Step::program_fork, error);
  const Program program = launch_program(plan, {static_cast<IdRange>(maps.ids), requests[1], limit});
  if (program.error != 0) fail_at(plan, Step::program_fork, program.error);
  // Only now: until the fork the caller's descriptors were the program's to inherit.
  const int kept[] = {plan.reports, requests[0], program.pidfd};
  raw::close_all_except(kept, 3);
  serve(Household{plan.reports, requests[0], program});
}

}  // namespace netrig::sandbox
