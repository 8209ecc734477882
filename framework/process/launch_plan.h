// Private to the module: everything a launch needs, worked out before the fork, and what the child does with it after.
#pragma once

#include <netrig/base/result.h>
#include <netrig/process/command.h>
#include <netrig/process/node_space.h>

#include <cstddef>
#include <optional>
#include <string>
#include <sys/resource.h>
#include <sys/types.h>
#include <vector>

namespace netrig::process {

/// A descriptor of this process and the number it is to have in the program.
struct Handover {
  int target;
  int source;
  int parked = -1;  ///< the child's own copy, out of the way of all targets
};

/// How far the child came. The order is that of the steps.
enum class LaunchStep : int {
  none,
  close_descriptors,
  enter_mounts,
  enter_network,
  enter_host_name,
  start_session,
  hand_over,
  change_directory,
  drop_capabilities,
  reset_signals,
  lower_file_limit,
  execute,
};

/// What the child has to say: first its pid as the lab sees it, and once more when a step failed.
struct LaunchReport {
  pid_t pid_in_lab = -1;
  LaunchStep failed = LaunchStep::none;
  int code = 0;               ///< errno
  std::size_t candidate = 0;  ///< which could not be executed
};

/// Between fork and exec no memory may be allocated (another thread may hold the allocator's lock), so all text is
/// here.
struct LaunchPlan {
  std::vector<std::string> candidates;   ///< paths to try, in this order
  std::vector<std::string> environment;  ///< NAME=value
  std::string search_path;               ///< PATH that gave the candidates; empty when it was not searched
  std::string directory;
  bool directory_is_wish = false;  ///< not said by the command: / will do
  Capabilities capabilities = Capabilities::all;
  int last_capability = 0;           ///< the kernel's highest; only where some are dropped
  std::vector<Handover> handovers;   ///< sorted by target; holds 0, 1 and 2
  std::optional<rlimit> file_limit;  ///< to go back to
  std::vector<int> kept;             ///< the descriptors that the child needs; it closes its copies of all others
  int mounts = -1;
  int network = -1;
  int host_name = -1;

  LaunchReport report;  ///< the child's, where it shares the parent's memory; else it comes through the report pipe

  std::vector<const char*> candidate_pointers;  ///< with a null at the end, as the following
  std::vector<const char*> environment_pointers;
};

/// What to do for `command` in `node`; `standard` are the descriptors that become 0, 1, 2; `report` is that of
/// carry_out(). Errors: no program given, an
/// unusable environment variable or descriptor.
Result<LaunchPlan> plan_launch(const NodeSpace& node, const Command& command, const int (&standard)[3], int report);

/// Runs in the child: carries the plan out and executes the program with `argv`. Returns only to say that it failed,
/// after having written why to `report`. Calls system calls alone, and touches nothing of the parent's but `plan`: the
/// child may share the parent's memory.
void carry_out(LaunchPlan& plan, const char* const* argv, int report) noexcept;

}  // namespace netrig::process
