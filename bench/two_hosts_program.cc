// What a test program of two hosts does until its first assertion: enters the sandbox, builds the network, sends one
// packet and looks whether it came back. Then it writes a byte to its standard output. ProcessOverhead runs it.
#include <netrig/sandbox/sandbox.h>
#include <netrig/topology/lab.h>

#include <cstdio>
#include <cstdlib>
#include <unistd.h>

int main(int argc, char** argv) {
  netrig::sandbox::enter(argc, argv);
  try {
    netrig::Topology topology;
    const auto left = topology.host("left");
    const auto right = topology.host("right");
    topology.link(left, right, "10.0.0.0/24, fd00::/64");
    const netrig::Lab lab{topology};
    const auto target = lab[right].address(netrig::AddressFamily::ipv4);
    if (lab[left].ping({.destination = target, .count = 1}).received() != 1) return EXIT_FAILURE;
    return write(STDOUT_FILENO, "1", 1) == 1 ? EXIT_SUCCESS : EXIT_FAILURE;
  } catch (const netrig::SetupError& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return EXIT_FAILURE;
  }
}
