// The steps of entering a sandbox, and the seam at which fault tests stop them.
#pragma once

#include <cstdint>
#include <string_view>

namespace netrig::sandbox {

/// Every step, in the order in which it is taken. A failure is a step and an errno.
enum class Step : std::uint8_t {
  prepare,         ///< pidfd, channel, id ranges
  user_namespace,  ///< clone(2): the six namespaces are made by one call; on a failure the first one refused is named
  pid_namespace,
  mount_namespace,
  net_namespace,
  ipc_namespace,
  uts_namespace,
  death_signal,  ///< the init dies with the supervisor from here on
  liveness,      ///< ... and leaves if the supervisor was gone before
  process_group,
  id_maps,
  private_mounts,
  proc,
  sysctl,
  sysfs,
  run,
  loopback,
  enter,  ///< setns(2), by which labs enter their nodes
  veth,   ///< only probed
  nft,    ///< only probed
  program_fork,
  program_group,
  program_exec,
  watch,        ///< the supervisor has done all that the init needs of it
  space_clone,  ///< the init of a lab's programs
  space_mounts,
  space_reply,
};

/// `mount-namespace`, `proc`, ...: stable ids, as reports and skips print them.
std::string_view name_of(Step step);
/// What the step does, in words: `mount a fresh /proc`.
std::string_view action_of(Step step);

/// Where entering stopped. `error` is an errno value; ENODATA where a `signal` killed the process that took the step.
struct Failure {
  Step step;
  int error;
  int signal = 0;
};

#ifdef NETRIG_SANDBOX_FAULT_SEAM
/// Fault tests define this: it may hold the process here, and a negative control answers false to leave the step out.
bool take_step(Step step) noexcept;
#else
/// Called before each step; true: take it.
constexpr bool take_step(Step /*step*/) noexcept { return true; }
#endif

}  // namespace netrig::sandbox
