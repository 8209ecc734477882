// Private to the module's tests: small networks, and what they refuse.
#pragma once

#include <netrig/base/error.h>
#include <netrig/topology/topology.h>

#include <string>

namespace netrig::test {

inline Topology pair() {
  Topology topology;
  const auto left = topology.host("left"), right = topology.host("right");
  topology.link(left, right, "10.0.0.0/24, fd00::/64");
  return topology;
}

inline Topology office() {
  Topology topology;
  const auto gw = topology.router("gw");
  const auto pc = topology.host("pc"), printer = topology.host("printer");
  topology.segment("lan", "10.1.0.0/24, fd01::/64").join(gw, pc, printer);
  topology.link(gw, topology.host("server"), "10.2.0.0/30, fd02::/64");
  return topology;
}

/// `client` and `server`, and the router `gw` between them.
inline Topology behind_a_gateway() {
  Topology plan;
  const auto client = plan.host("client"), server = plan.host("server");
  const auto gw = plan.router("gw");
  plan.segment("lan", "10.0.1.0/24, fd00:1::/64").join(client, gw);
  plan.segment("dmz", "10.0.2.0/24, fd00:2::/64").join(gw, server);
  return plan;
}

/// The message of the SetupError that `use` throws; empty when it throws none.
template <class Use>
std::string error_of(const Use& use) {
  try {
    use();
    return {};
  } catch (const SetupError& error) {
    return error.what();
  }
}

}  // namespace netrig::test
