// The sandbox without a pid namespace, in the calling process: breakpoints work, and nothing is executed again.
// Private to the module.
#pragma once

#include <netrig/sandbox/step.h>

#include <cstdint>

namespace netrig::sandbox {

/// Unshares user, mount, network, IPC and UTS namespaces and furnishes them. `error` 0 when inside. A child tries it
/// first, so that on a failure this process is as it was. At most `processes` may live there, where that can be set.
/// ENOSPC, which passes while the kernel reaps older namespaces, is tried again: see patience_of_outside(). Once the
/// child had them, what it leaves to be reaped is waited for as long as NamespacePatience would.
Failure enter_in_place(std::uint32_t processes);

}  // namespace netrig::sandbox
