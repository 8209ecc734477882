// Entering the sandbox: new user, pid, mount, network, IPC and UTS namespaces, before the program has a thread.
//
//   int main(int argc, char** argv) {
//     netrig::sandbox::enter(argc, argv);        // returns inside the sandbox, in a fresh copy of this program
//     if (!netrig::sandbox::inside()) std::cerr << netrig::sandbox::why_not() << '\n';
//     ...
//   }
//
// Three processes: the supervisor (the process that was started; it stays outside and passes signals and the exit
// status on), the init (pid 1 of the new pid namespace) and the test program, executed again. Whichever of them dies,
// the kernel ends every process and releases every namespace of the sandbox. Inside: uid 0, loopback up, private /proc
// and /sys, an empty /run with /run/netns, every mount private.
#pragma once

#include <netrig/sandbox/process_limit.h>

#include <cstdint>
#include <string>

namespace netrig::sandbox {

/// How the calling process came to be where it is.
enum class Mode {
  outside,        ///< in the host's namespaces: see why_not()
  pid_namespace,  ///< supervisor, init, program: the normal sandbox
  in_place,       ///< namespaces unshared by this very process, without a pid namespace: for debuggers
};

/// What a caller may ask of enter().
struct EnterOptions {
  /// The program only prints (a list, a help text): no sandbox is needed, and none is made.
  /// enter() also finds this out by itself from the usual options: see asks_for_information().
  bool only_information = false;
  /// How many processes and threads may live inside at a time, unless the environment says otherwise: from
  /// kLeastProcessLimit to kGreatestProcessLimit. See process_limit.h.
  std::uint32_t process_limit = kDefaultProcessLimit;
};

/// Enters the sandbox. Call it first in main(), before any thread exists: it aborts, with a message, when there is one.
///
/// Returns in the test program inside the sandbox, or, when no sandbox can be had or none is needed, in the process
/// that called it (inside() is false then). In the supervisor it never returns: that process ends as the test program
/// ended, with the same exit status or by the same signal (without a second core), or with exit status 70 when the init
/// was killed.
///
/// The environment variable NETRIG_SANDBOX chooses: `no-pid` unshares in place, so that a debugger sees one process
/// (also chosen when a debugger is attached); `pid` insists on the whole sandbox even then. A program that was started
/// inside a sandbox uses that one. NETRIG_PROCESS_LIMIT sets the process limit; describe() tells whether it could be
/// had. Any other value of either: a message, and exit status 2.
void enter(int argc, char** argv, const EnterOptions& options = {});

/// True when enter() brought this process into a sandbox, or found it in one.
bool inside() noexcept;

/// The mode this process runs in.
Mode mode() noexcept;

/// Why there is no sandbox, in one line: the step that failed, its errno, the likely cause, the remedy. Empty when
/// inside().
std::string why_not();

/// The sandbox in one line: mode, id range, process limit, and what is weaker than usual and why (`pid namespace;
/// single id (newuidmap or newgidmap failed); at most 4096 processes and threads (kernel.pid_max of its pid
/// namespace)`). Empty when not inside().
std::string describe();

}  // namespace netrig::sandbox
