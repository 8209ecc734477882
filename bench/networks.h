// The networks that the benchmarks build as labs; raw_network.h has the same by hand.
#pragma once

#include <netrig/topology/topology.h>

#include <cstddef>

namespace netrig::bench {

/// That of BridgedHostsTest: a gateway with a bridge, and hosts `host1`, `host2`, ... on it.
Topology bridged(std::size_t hosts);

/// That of TwoHostsTest: `left` and `right`, and a cable.
Topology pair();
/// `client` and `server`, with `router` between them.
Topology routed();
/// `router` with a cable to each of `host1`, `host2`, ...
Topology star(std::size_t hosts);

}  // namespace netrig::bench
