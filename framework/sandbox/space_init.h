// The init of a program space. Private to the module; runs in a bare clone (see raw.h).
#pragma once

#include <netrig/sandbox/channel.h>

namespace netrig::sandbox {

/// A request for a program space. Beside it: the channel that the answer goes to, and the owner's pidfd.
struct SpaceRequest {
  char unused = 0;
};

/// Clones the init of a new space, which sends a SpaceReply to `lease`, and lives until nobody holds the other end of
/// `lease`, or until the process of pidfd `owner` has ended. A failed clone is answered too.
/// `exit_signal`: as for raw::clone_process(). All signals must be blocked. Returns the init's pid, or -1.
pid_t start_space(int lease, int owner, int exit_signal) noexcept;

}  // namespace netrig::sandbox
