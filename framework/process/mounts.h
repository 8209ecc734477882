// Private to the module: the mounts that make a node's view of the files, in the calling thread's mount namespace.
#pragma once

#include <netrig/base/result.h>
#include <netrig/process/node_space.h>

namespace netrig::process {

/// A /sys of the calling thread's network namespace, over the old one; read-only where the host refuses a writable one.
Result<void> mount_sys();
/// An empty /run of the node's own (and /var/run, where that is another directory), with the lab's /run/netns in it.
Result<void> mount_run();
/// The node's own /etc as NodeSpace says it. Needs mount_run(): the host's /etc goes below it.
Result<void> mount_etc(const NodeFiles& files);

}  // namespace netrig::process
