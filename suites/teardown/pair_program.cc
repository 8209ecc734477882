// A test process at its smallest: enters a sandbox, builds two hosts, and sends a packet of each family there and back.
#include <netrig/sandbox/sandbox.h>
#include <netrig/topology/lab.h>

#include <chrono>
#include <cstdio>

namespace {

// The kernel answers in a thread that takes its turn, too, where hundreds of processes want two processors.
constexpr std::chrono::seconds kPatience{20};

}  // namespace

int main(int argc, char** argv) {
  netrig::sandbox::enter(argc, argv);
  try {
    netrig::Topology topology;
    const auto left = topology.host("left"), right = topology.host("right");
    topology.link(left, right, "10.0.0.0/24, fd00::/64");
    const netrig::Lab lab{topology};
    for (const auto family : {netrig::AddressFamily::ipv4, netrig::AddressFamily::ipv6}) {
      const auto target = lab[right].address(family);
      const auto report = lab[left].ping({.destination = target, .count = 1, .timeout = kPatience});
      if (report.received() == 0) {
        const auto text =
            report.to_string() + '\n' + lab[left].snapshot().to_string() + lab[right].snapshot().to_string();
        std::fprintf(stderr, "pair: %s\n", text.c_str());
        return 95;
      }
    }
    return 0;
  } catch (const netrig::SetupError& error) {
    std::fprintf(stderr, "pair: %s\n", error.what());
    return 96;
  }
}
