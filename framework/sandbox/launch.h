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

/// Forks the test program, which executes itself again with the plan's arguments, signal mask and terminal; `spaces` is
/// the descriptor it sends requests for program spaces to. Tells the supervisor that it started.
Program launch_program(const InitPlan& plan, IdRange ids, int spaces) noexcept;

}  // namespace netrig::sandbox
