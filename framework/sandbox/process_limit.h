// The process limit of a sandbox: what keeps a program that forks for ever from taking the host with it.
//
//   NETRIG_PROCESS_LIMIT=20000 ctest ...      # more than kDefaultProcessLimit, for labs of thousands of programs
//
// Threads count as processes do. A fork, clone or thread too many fails with EAGAIN.
#pragma once

#include <cstdint>
#include <string>

namespace netrig::sandbox {

/// What bounds the processes of the calling process's sandbox.
struct ProcessLimit {
  /// How the kernel was told.
  enum class Source : std::uint8_t {
    none,           ///< by nothing of the sandbox's: only the host's limits hold
    pid_namespace,  ///< kernel.pid_max of the sandbox's own pid namespace (Linux 6.14): all users and nested namespaces
    user_limit,     ///< RLIMIT_NPROC (getrlimit(2)), which counts each user of the sandbox's user namespace for itself
  };

  Source source = Source::none;
  std::uint32_t most = 0;  ///< processes and threads at a time; 0 without a source

  friend bool operator==(const ProcessLimit&, const ProcessLimit&) = default;
};

/// A thousand nodes with four programs each; an eighth of what the kernel has by default (pid_max 32768), so that
/// sandboxes side by side leave the host some.
inline constexpr std::uint32_t kDefaultProcessLimit = 4096;
/// The kernel gives numbers below 300 once only (RESERVED_PIDS in kernel/pid.c): of a limit of N, at least N - 299
/// processes can live at any time.
inline constexpr std::uint32_t kLeastProcessLimit = 400;
/// PID_MAX_LIMIT in include/linux/threads.h, less the number 0.
inline constexpr std::uint32_t kGreatestProcessLimit = (1U << 22U) - 1;

/// The environment variable that sets it from outside. Inside it tells what holds, and is unset where nothing does.
inline constexpr const char* kProcessLimitVariable = "NETRIG_PROCESS_LIMIT";

/// The limit that holds here. Outside of a sandbox: none.
ProcessLimit process_limit() noexcept;

/// The limit that sandbox::enter() would set for this process, with what the environment asks for: as far as can be
/// told from outside.
ProcessLimit expected_process_limit();

/// `at most 4096 processes and threads (kernel.pid_max of its pid namespace)`, or that there is no limit, and why.
std::string describe(const ProcessLimit& limit);

}  // namespace netrig::sandbox
