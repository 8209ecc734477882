#include <netrig/bench/networks.h>

#include <string>

namespace netrig::bench {

Topology bridged(std::size_t hosts) {
  Topology topology;
  const auto gateway = topology.router("gateway");
  auto segment = topology.segment("lan", "10.2.0.0/16, fd02::/64").bridge_at(gateway);
  for (std::size_t i = 1; i <= hosts; ++i) segment.join(topology.host("host" + std::to_string(i)));
  return topology;
}

Topology pair() {
  Topology topology;
  const auto left = topology.host("left");
  const auto right = topology.host("right");
  topology.link(left, right, "10.0.0.0/24, fd00::/64");
  return topology;
}

}  // namespace netrig::bench
