// The network of the victims that have a lab.
#pragma once

#include <netrig/topology/topology.h>

namespace netrig::teardown {

/// Two hosts on a bridge, a router that translates addresses and has a setting of its own, a host beyond.
inline Topology home() {
  Topology topology;
  auto gateway = topology.router("gateway").sysctl("net.ipv4.ip_default_ttl", "61");
  auto lan = topology.segment("lan", "192.168.1.0/24, fd19::/64").join(gateway, {.name = "lan"});
  for (const char* name : {"inside1", "inside2"}) lan.join(topology.host(name));
  topology.segment("wan", "203.0.113.0/24, 2001:db8:113::/64")
      .join(gateway, {.name = "wan"})
      .join(topology.host("outside"));
  gateway.masquerade("wan");
  return topology;
}

}  // namespace netrig::teardown
