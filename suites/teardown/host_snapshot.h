// What the host's network looks like, for tests that say it was left alone.
#pragma once

#include <map>
#include <string>

namespace netrig::teardown {

/// By command or file: the text that it printed or holds. Links, addresses, routes, rules, mounts, names;
/// the settings of net, user and fs.mqueue, and kernel.pid_max, which is what a sandbox sets of the kernel's.
using HostSnapshot = std::map<std::string, std::string>;

/// Of the namespaces that this program runs in. What passes or counts by itself (a lease's time, the number of
/// connections) is left out.
HostSnapshot snapshot_of_the_host();

/// What a shell command prints, both streams, without the remaining times of leases.
std::string output_of(const std::string& command);

/// One line for each entry that is not as it was; empty when all is.
std::string changes_since(const HostSnapshot& before);

}  // namespace netrig::teardown
