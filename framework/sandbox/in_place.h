// The sandbox without a pid namespace, in the calling process: breakpoints work, and nothing is executed again.
// Private to the module.
#pragma once

#include <netrig/sandbox/step.h>

namespace netrig::sandbox {

/// Unshares user, mount, network, IPC and UTS namespaces and furnishes them. `error` 0 when inside. A child tries it
/// first, so that on a failure this process is as it was.
Failure enter_in_place();

}  // namespace netrig::sandbox
