// The init of a sandbox: pid 1, from its first instruction to its last. Private to the module.
#pragma once

#include <netrig/sandbox/channel.h>
#include <netrig/sandbox/ids.h>
#include <netrig/sandbox/limit_processes.h>
#include <netrig/sandbox/raw.h>

#include <sched.h>

namespace netrig::sandbox {

/// Everything the init needs, made by the supervisor before the clone.
struct InitPlan {
  int supervisor = -1;  ///< pidfd of the supervisor
  int reports = -1;     ///< the init's end of the channel to the supervisor
  int supervisors_end = -1;
  IdPlan ids;
  ProcessLimitPlan processes;
  volatile Step* progress = nullptr;  ///< where the init notes the step that it takes: Progress::place()
  bool probe = false;                 ///< try veth and nftables and end, instead of starting a program

  int terminal = -1;              ///< the descriptor of the terminal whose foreground the program takes, or -1
  raw::SignalSet mask = 0;        ///< the program's signal mask
  bool ignores_children = false;  ///< SIGCHLD was ignored and shall be again
  char* const* arguments = nullptr;
  char* const* environment = nullptr;  ///< holds `marker`
  char* marker = nullptr;              ///< kMarkerSize bytes, filled in by the init
};

/// The flags of clone(2) for the init, in the order of the steps from Step::user_namespace on.
inline constexpr unsigned long kNamespaceFlags[] = {CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNS,
                                                    CLONE_NEWNET,  CLONE_NEWIPC, CLONE_NEWUTS};
/// All of them.
constexpr unsigned long all_namespace_flags() noexcept {
  unsigned long flags = 0;
  for (const unsigned long flag : kNamespaceFlags) flags |= flag;
  return flags;
}

/// Runs in a bare clone made with all_namespace_flags() and all signals blocked (see raw.h). Ends the process.
[[noreturn]] void run_init(const InitPlan& plan) noexcept;

}  // namespace netrig::sandbox
