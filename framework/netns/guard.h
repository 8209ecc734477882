// The rig refuses to configure a network namespace that it did not make. How it knows, without asking anybody:
//
// - Every network namespace is owned by the user namespace in which it was made (namespaces(7)). The sandbox makes a
//   user namespace for itself, so what is made inside belongs to that one or to one below it, and the host's own
//   network to an ancestor. The kernel names the owner to members of it or of an ancestor of it, and answers EPERM to
//   everybody else (ioctl_ns(2), NS_GET_USERNS): the host's network seen from a sandbox is therefore EPERM, whatever
//   /proc shows.
// - In the initial user namespace nothing is above, and the host's network and root's `ip netns` all belong to it. It
// is
//   known by its inode number, which is the same on every Linux (PROC_USER_INIT_INO in the kernel's proc_ns.h).
//
// So: in the initial user namespace nothing is ours but what this process made itself; elsewhere, also what the kernel
// names an owner for. Three system calls, no lists. It cannot tell, for a program that runs in somebody's rootless
// container without entering the sandbox, that container's own network from one of its own.
#pragma once

#include <netrig/base/result.h>
#include <netrig/netns/net_ns.h>

#include <string_view>

namespace netrig::netns {

/// Whether the calling thread is in the initial user namespace, where root is the host's root.
Result<bool> in_initial_user_namespace();

/// Whether the network namespace behind `fd` is owned by the calling process's user namespace or one below it, and that
/// is not the initial one.
Result<bool> is_ours(int fd);

/// An error that says to run under the sandbox, unless this process made `netns` or is_ours(). `operation` says what
/// would have been done: `set net.ipv4.ip_forward to 1`.
Result<void> require_ours(const NetNs& netns, std::string_view operation);

}  // namespace netrig::netns
