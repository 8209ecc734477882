// The supervisor: the process that was started. It stays outside, passes signals in and the end out. Private to the
// module.
#pragma once

#include <netrig/sandbox/step.h>

#include <cstdint>

namespace netrig::sandbox {

/// Starts init and program with the calling program's arguments and environment, and at most `processes`. Returns only
/// when that failed, with everything as before; else ends the process as the program ended.
Failure supervise(char** arguments, std::uint32_t processes);

/// Of the namespaces, made one after the other in a child: the first that is refused.
Failure first_refused_namespace(int error);

/// The supervisor's exit status when its init was killed: EX_SOFTWARE of sysexits.h.
inline constexpr int kInitLost = 70;

}  // namespace netrig::sandbox
