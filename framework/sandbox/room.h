// What a process does to its fresh namespaces to make a room to work in: mounts, loopback.
// Private to the framework; usable in a bare clone (see raw.h). Every function returns 0 or an errno value.
#pragma once

namespace netrig::sandbox {

/// Nothing mounted from here on shows outside, and nothing outside shows here.
int make_mounts_private() noexcept;
/// A /proc of the calling process's pid namespace, over the old one. Read-only is what would change the host's kernel.
int mount_proc() noexcept;
/// The same, with nothing read-only yet.
int mount_open_proc() noexcept;
/// A /sys of the calling process's network namespace, over the old one: its links are writable, unless the host refuses
/// a writable one; what would change the host's kernel is not.
int mount_sysfs() noexcept;
/// An empty /run (and /var/run, where that is not the same) with /run/netns, which is a shared mount point: what a
/// program mounts there (`ip netns add`) shows in every mount namespace made from the caller's, and in no other.
int mount_run() noexcept;
/// Opens a network sysctl for writing, as labs will, and closes it.
int open_sysctl() noexcept;
/// `ip link set lo up`.
int bring_loopback_up() noexcept;
/// Enters the network namespace that the caller is in already by setns(2), as labs enter those of their nodes: it shows
/// whether a filter of system calls permits it, and changes nothing.
int enter_own_network() noexcept;

}  // namespace netrig::sandbox
