// Who is in, or holds, a namespace that descends from a given user namespace. Seen from outside, through /proc.
#pragma once

#include <string>
#include <vector>

namespace netrig::teardown {

/// A line for each process that lives in the user namespace behind the descriptor `ancestor`, or in one that descends
/// from it.
std::vector<std::string> processes_below(int ancestor);

/// A line for each namespace that descends from it, with one of its holders: a process in it, a descriptor, a bind
/// mount. Those behind the descriptors `except` are left out. Of other users' processes this sees nothing unless it
/// runs as root.
std::vector<std::string> namespaces_below(int ancestor, const std::vector<int>& except);

}  // namespace netrig::teardown
