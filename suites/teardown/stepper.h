// Stops a victim's process at every entry to and exit from a system call, by ptrace(2), to kill it there.
#pragma once

#include <netrig/suites/teardown/victim.h>

namespace netrig::teardown {

/// The three processes of a sandbox.
enum class Role { supervisor, init, program };

/// What came of an attempt.
enum class Kill {
  done,      ///< it was killed at the stop asked for
  too_late,  ///< it ended before: there are fewer stops
  refused,   ///< this host forbids ptrace
};

/// Lets `victim`, started with `traced`, run until its process in this `role` makes its system-call stop number `stop`
/// (counted from 0: entries and exits from its first instruction on), and kills it there with SIGKILL.
/// The other processes run free.
Kill kill_at_stop(Victim& victim, Role role, int stop);

}  // namespace netrig::teardown
