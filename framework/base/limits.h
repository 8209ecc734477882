// The limits that a process runs into, for errors: which one, its value, and how to raise it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace netrig {
inline namespace base {

/// The limit of open files, for EMFILE and ENFILE (getrlimit(2), RLIMIT_NOFILE). Error::from_errno() says it by itself.
std::string describe_descriptor_limit();

/// `user.max_KIND_namespaces` of the calling process's user namespace, for ENOSPC (user_namespaces(7)). Limits of outer
/// user namespaces hold too, and cannot be seen from here. `kind`: `net`, `mnt`, `pid`, `uts`, ...
std::optional<std::uint64_t> namespace_limit(std::string_view kind);
/// That limit and how to raise it.
std::string describe_namespace_limit(std::string_view kind);

/// The limits of processes and threads that can be seen from here, for EAGAIN of fork(2), clone(2) and
/// pthread_create(3): RLIMIT_NPROC, RLIMIT_AS where there is one, the sandbox's (netrig/sandbox/process_limit.h),
/// kernel.pid_max and kernel.threads-max, the pids.max of the control group.
std::string describe_process_limits();

}  // namespace base
}  // namespace netrig
