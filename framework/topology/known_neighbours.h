// Private to the module: neighbours that nodes are going to learn.
#pragma once

#include <netrig/net/address_family.h>
#include <netrig/topology/node.h>

#include <vector>

namespace netrig {
inline namespace topology {

/// Gives each node an entry, without a MAC address yet, for each of the others that it shares a prefix with. They are
/// resolved when they are needed, as ever. The kernel does not count them in the machine's neighbour tables (entries of
/// NTF_EXT_LEARNED, net/core/neighbour.c), which a large table of who may reach whom would fill: n nodes of a segment
/// learn n(n - 1) of a family, and 1,024 is all that all namespaces of a machine have. What a node knows already stays
/// as it is. Throws SetupError where a node's addresses cannot be listed.
void expect_neighbours(const std::vector<Node>& nodes, AddressFamily family);

}  // namespace topology
}  // namespace netrig
