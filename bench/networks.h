// The networks that the benchmarks build as labs; raw_network.h has the same by hand.
#pragma once

#include <netrig/topology/topology.h>

#include <cstddef>

namespace netrig::bench {

/// That of BridgedHostsTest: a gateway with a bridge, and hosts `host1`, `host2`, ... on it.
Topology bridged(std::size_t hosts);

/// That of TwoHostsTest: `left` and `right`, and a cable.
Topology pair();
/// What a router does to the packets between `client` and `server`.
enum class Translation { none, source, destination };
/// `client` and `server`, with `router` between them. With Translation::source it masquerades the client; with
/// Translation::destination it sends what comes from the client to its own port 8201 on to the server's 5201.
Topology routed(Translation translation = Translation::none);
/// `client` and `server`, with `router1`, `router2`, ... between them.
Topology chain(std::size_t routers);
/// `host1`, `host2`, ... on a bridge that is nobody's gateway.
Topology switched(std::size_t hosts);
/// `router` with a cable to each of `host1`, `host2`, ...
Topology star(std::size_t hosts);

}  // namespace netrig::bench
