// One lab with everything in it that a lab can be asked for, and the proof that it works.
#pragma once

#include <netrig/topology/lab.h>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace netrig::kernel_failures {

/// Two hosts on a bridge, a router that masquerades and forwards a port, a host beyond; routes and sysctls of their
/// own; IPv4 and IPv6.
Topology everything();

/// How many nodes that makes, the bridge's among them.
inline constexpr std::size_t kNodes = 5;

/// Packets pass in both families, names are translated, a port is forwarded; a policy rule, a program, a snapshot.
testing::AssertionResult works(const Lab& lab);

/// Builds the lab and lets it go: it can still be had, and works.
testing::AssertionResult can_be_had(const Topology& topology);

/// The names of a lab's nodes, as errors call them.
std::vector<std::string> names_of_nodes(const Topology& topology);

}  // namespace netrig::kernel_failures
