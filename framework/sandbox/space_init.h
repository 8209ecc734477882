// The init of a program space. Private to the module; runs in a bare clone (see raw.h).
#pragma once

#include <netrig/sandbox/channel.h>

namespace netrig::sandbox {

/// A request for a program space. Beside it: the channel that the answer goes to, and the owner's pidfd.
struct SpaceRequest {
  char unused = 0;
};

/// Who clones the init of a space.
enum class SpaceParent {
  server,  ///< a process of one thread, there for this: the init dies with it, even when it is stopped
  user,    ///< any thread, whose end is not the space's. The init shows only to waits that ask for it by __WALL
};

/// Clones the init of a new space, which sends a SpaceReply to `lease`, and lives until nobody holds the other end of
/// `lease`, or until the process of pidfd `owner` has ended. A failed clone is answered too.
/// All signals must be blocked. Returns the init's pid, or -1.
pid_t start_space(int lease, int owner, SpaceParent parent) noexcept;

/// Receives one SpaceRequest and starts the space. False when nobody can ask any more.
bool serve_request(int requests) noexcept;

/// Runs in a bare clone, in which all signals are blocked, of the thread whose end shall be that of the spaces: serves
/// `requests` until then, or until the process of pidfd `owner` has ended, or nobody can ask any more.
[[noreturn]] void serve_spaces(int requests, int owner) noexcept;

}  // namespace netrig::sandbox
