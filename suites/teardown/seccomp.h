// A container's seccomp profile, made by the process for itself: VictimOptions::surroundings.
#pragma once

#include <vector>

namespace netrig::teardown {

/// From here on these system calls (SYS_mount, ...) give EPERM, as a profile's `SCMP_ACT_ERRNO` does; for this process
/// and all it becomes. Sets PR_SET_NO_NEW_PRIVS, without which nobody may. Throws SetupError when it is refused.
void forbid_system_calls(const std::vector<long>& numbers);

/// The same, but who makes one is killed by SIGSYS, as by a profile's `SCMP_ACT_KILL_PROCESS`, and leaves no core
/// file: RLIMIT_CORE is 0 from here on.
void kill_on_system_calls(const std::vector<long>& numbers);

/// Docker's default: no new user namespace by clone(2) or unshare(2).
void forbid_user_namespaces();
/// The same, but who makes one is killed by SIGSYS, without a core file.
void kill_on_user_namespaces();

}  // namespace netrig::teardown
