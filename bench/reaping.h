// When is the kernel done with the namespaces that were let go of?
#pragma once

#include <netrig/base/result.h>

namespace netrig::bench {

/// Counts the network namespaces that this user namespace has, so that wait_until_reaped() knows what to wait for.
/// Call once, inside the sandbox, before anything is made. Needs CAP_SYS_RESOURCE in the user namespace.
Result<void> count_standing_namespaces();

/// Waits until there are no more network namespaces than there were then. The kernel counts a namespace until the very
/// end of its removal (cleanup_net in net/core/net_namespace.c), so its devices, bridges included, are gone by then.
///
/// The count cannot be read, and no event tells of it. What can be seen is whether it is below a limit
/// (/proc/sys/user/max_net_namespaces: namespaces(7)): one more namespace can be made, or not. So this asks every
/// millisecond. The one that it makes to find out is bare, and costs the kernel about 0.2 ms in the background.
/// ETIMEDOUT after 30 s: something holds a namespace.
Result<void> wait_until_reaped();

}  // namespace netrig::bench
