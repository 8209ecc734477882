// Starting the test program from the init. Private to the module; runs in a bare clone (see raw.h).
#pragma once

#include <netrig/sandbox/init.h>
#include <netrig/sandbox/marker.h>

namespace netrig::sandbox {

/// A started program, or why there is none.
struct Program {
  pid_t pid = -1;
  int pidfd = -1;
  int error = 0;
};

/// What the program is told of the inside; see Marker.
struct Inside {
  IdRange ids;
  int spaces;  ///< the descriptor that it sends requests for program spaces to
  ProcessLimit processes;
};

/// Forks the test program, which executes itself again with the plan's arguments, signal mask and terminal.
/// Tells the supervisor that it started.
Program launch_program(const InitPlan& plan, const Inside& inside) noexcept;

}  // namespace netrig::sandbox
