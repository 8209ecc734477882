// A test process at its smallest: enters a sandbox, builds two hosts, and sends a packet of each family there and back.
#include <netrig/sandbox/sandbox.h>
#include <netrig/topology/lab.h>

#include <cstdio>

int main(int argc, char** argv) {
  netrig::sandbox::enter(argc, argv);
  try {
    netrig::Topology topology;
    const auto left = topology.host("left"), right = topology.host("right");
    topology.link(left, right, "10.0.0.0/24, fd00::/64");
    const netrig::Lab lab{topology};
    for (const auto family : {netrig::AddressFamily::ipv4, netrig::AddressFamily::ipv6}) {
      if (lab[left].ping(lab[right], family).received() == 0) return 95;
    }
    return 0;
  } catch (const netrig::SetupError& error) {
    std::fprintf(stderr, "pair: %s\n", error.what());
    return 96;
  }
}
