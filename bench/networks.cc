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

Topology routed(Translation translation) {
  Topology topology;
  auto router = topology.router("router");
  const auto client = topology.host("client");
  const auto server = topology.host("server");
  topology.link(router, client, "10.9.1.0/24, fd09:1::/64");
  topology.link(router, server, "10.9.2.0/24, fd09:2::/64");
  if (translation == Translation::source) router.masquerade("router-server");
  if (translation == Translation::destination) {
    router.forward_port("router-client", traffic::tcp(8201), server, Port{5201});
    router.forward_port("router-client", traffic::udp(8201), server, Port{5201});
  }
  return topology;
}

Topology chain(std::size_t routers) {
  Topology topology;
  auto last = topology.host("client");
  for (std::size_t i = 1; i <= routers; ++i) {
    const auto router = topology.router("router" + std::to_string(i));
    topology.link(last, router);
    last = router;
  }
  const auto server = topology.host("server");
  topology.link(last, server);
  return topology;
}

Topology switched(std::size_t hosts) {
  Topology topology;
  auto segment = topology.segment("lan", "10.3.0.0/16, fd03::/64").bridged();
  for (std::size_t i = 1; i <= hosts; ++i) segment.join(topology.host("host" + std::to_string(i)));
  return topology;
}

Topology star(std::size_t hosts) {
  Topology topology;
  const auto router = topology.router("router");
  for (std::size_t i = 1; i <= hosts; ++i) {
    const auto host = topology.host("host" + std::to_string(i));
    topology.link(router, host);
  }
  return topology;
}

}  // namespace netrig::bench
