// Setting the process limit. Private to the module; limit_processes() is usable in a bare clone (see raw.h).
#pragma once

#include <netrig/sandbox/process_limit.h>

#include <optional>
#include <string_view>

namespace netrig::sandbox {

/// What the supervisor finds out for it.
struct ProcessLimitPlan {
  std::uint32_t most = kDefaultProcessLimit;
  /// kernel.pid_max is the pid namespace's own. Where it is not, writing it would change the host.
  bool pid_max_is_own = false;
  /// RLIMIT_NPROC is enforced: it is not for the host's root.
  bool user_limit_holds = false;
};

/// `text` as a limit: nothing if it is no number from kLeastProcessLimit to kGreatestProcessLimit.
std::optional<std::uint32_t> parse_process_limit(std::string_view text);
/// Whether the kernel of `release` (uname(2)) has a pid_max in each pid namespace: since Linux 6.14, "pid: allow
/// pid_max to be set per pid namespace".
bool has_own_pid_max(std::string_view release);

/// For a sandbox that the calling process makes, with `most` processes.
ProcessLimitPlan plan_process_limit(std::uint32_t most, bool in_pid_namespace);

/// Sets the limit for the calling process's pid namespace, whose /proc must be mounted, and not read-only; or else for
/// the calling process and what it starts. What the kernel refuses falls back to the next source, at last to none.
ProcessLimit limit_processes(const ProcessLimitPlan& plan) noexcept;

}  // namespace netrig::sandbox
