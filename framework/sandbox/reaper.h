// What the init does once the program runs: reap, report, make program spaces. Private to the module; runs in a bare
// clone (see raw.h).
#pragma once

#include <netrig/sandbox/launch.h>

namespace netrig::sandbox {

/// The descriptors and the child that the init keeps.
struct Household {
  int reports;   ///< to the supervisor
  int requests;  ///< from the program and its forks
  Program program;
};

/// Reaps every orphan, tells the supervisor of the program's stops and end, starts a program space for each request.
/// Ends the process, and with it everything in the pid namespace, when the program has ended.
[[noreturn]] void serve(const Household& household) noexcept;

}  // namespace netrig::sandbox
