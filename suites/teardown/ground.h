// A host of the observer's own for its victims: mounts, a network and IPC objects that nobody else can add to, so that
// what is left there is a victim's, however many tests run beside it.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace netrig::teardown {

/// The calling process, alone in a user namespace of its own, goes on in new mount, network and IPC namespaces.
/// /dev/shm and /dev/mqueue are empty there, and there is no socket. Throws SetupError.
void enter_ground();

/// Whether `check` fails nowhere in a child that stands on a ground of its own, as root there.
bool holds_on_ground(const std::function<void()>& check);

/// How many namespaces of `kind` (`net`, `mnt`, ...) the ground is itself.
int namespaces_of_ground(const std::string& kind);

/// A line for each thing that was not there at first: files in /dev/shm and /dev/mqueue, sockets of every family (the
/// abstract ones of unix(7) too), System V IPC objects. Mounts and the network's state are HostSnapshot's.
std::vector<std::string> left_on_ground();

}  // namespace netrig::teardown
