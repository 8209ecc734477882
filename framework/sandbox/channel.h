// Messages between the processes of a sandbox: SOCK_SEQPACKET, small plain structs, descriptors beside them.
// Private to the module; usable in a bare clone (see raw.h).
#pragma once

#include <netrig/sandbox/step.h>

#include <cstddef>
#include <cstdint>
#include <sys/types.h>

namespace netrig::sandbox {

/// What the init tells the supervisor.
struct Report {
  enum Kind : std::int32_t {
    failed,   ///< `step`, `value` an errno: there will be no program
    passed,   ///< the probe's chain is through
    started,  ///< the program runs: its pid as credentials, its pidfd beside
    stopped,  ///< by the signal `value`
    ended,    ///< with the wait status `value`
  };
  Kind kind;
  Step step;
  std::int32_t value;
};

/// What the supervisor tells the init when it has done what it could for the id maps.
struct MapsWritten {
  bool uid;  ///< false: the init writes a map of its single id
  bool gid;
  std::uint8_t ids;  ///< IdRange, for the program's marker
};

/// The answer to a request for a program space. `error` 0: its pid namespace, mount namespace and pidfd come beside it,
/// and the sender's credentials are the space's init.
struct SpaceReply {
  Step step;
  std::int32_t error;
};

constexpr std::size_t kMaxDescriptors = 3;

/// What arrives with a message. A descriptor that did not is -1.
struct Extras {
  int descriptors[kMaxDescriptors] = {-1, -1, -1};
  pid_t sender = -1;  ///< only where the receiving socket has SO_PASSCRED
};

/// A connected pair, close-on-exec. 0 or an errno value.
int make_channel(int ends[2]) noexcept;

/// Sends one message with `count` descriptors, and as from `sender` if that is positive (which takes CAP_SYS_ADMIN).
/// Never raises SIGPIPE. 0 or an errno value.
int send_message(int channel, const void* message, std::size_t size, const int* descriptors = nullptr,
                 std::size_t count = 0, pid_t sender = -1) noexcept;

/// Receives one message of exactly `size` bytes. 0, ENODATA at the end of the channel, EBADMSG for another size, or
/// another errno value. Descriptors that arrive are close-on-exec.
int receive_message(int channel, void* message, std::size_t size, Extras& extras) noexcept;

}  // namespace netrig::sandbox
