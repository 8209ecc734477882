// The guide's bridge chapter as people run it: one `ip` process a command.
#pragma once

#include <netrig/base/result.h>

#include <chrono>
#include <cstddef>
#include <string>

namespace netrig::bench {

/// The commands of the chapter "Bridge Connectivity" for `hosts` containers, without its pings and without `sudo`. The
/// only change is the address arithmetic, which the guide's /24 has no room for beyond 253 containers.
std::string shell_recipe(std::size_t hosts);

/// Runs the recipe by sh in network and mount namespaces of its own, and gives the time from its first command to its
/// last. They go with it, so there is no residue to delete. An error if a command fails, or if there is no `ip`.
Result<std::chrono::nanoseconds> run_shell_recipe(std::size_t hosts);

}  // namespace netrig::bench
