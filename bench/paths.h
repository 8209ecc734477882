// What lies between the two machines of a traffic benchmark: paths by name, each built anew for every repetition.
//
//   const TrafficPath& path = *find_path("bridge:8");
//   auto built = NETRIG_TRY(path.build());              // a lab, who sends, who receives, and where to
//   measure_tcp({.run = built.towards()}, sides(built.client, built.server));
#pragma once

#include <netrig/base/result.h>
#include <netrig/topology/lab.h>
#include <netrig/traffic/measurement.h>

#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace netrig::bench {

/// The port that servers of benchmarks listen on, and the one at which a NAT takes what it forwards to that.
inline constexpr Port kServerPort{5201};
inline constexpr Port kForwardedPort{8201};

/// A path that stands.
struct BuiltPath {
  Lab lab;
  Node client, server;
  IpAddress destination;    ///< where the client sends
  Port port = kServerPort;  ///< likewise; the server itself is always at kServerPort

  /// For the loads of framework/traffic.
  [[nodiscard]] traffic::RunOptions towards() const;
};

/// A path that can be built.
struct TrafficPath {
  std::string name;                          ///< `veth`, `bridge:8`, `routed:2`, `rules:1000`, ...
  std::function<Result<BuiltPath>()> build;  ///< an error where this kernel lacks what it needs, by netrig doctor's id
};

/// All of them:
///   loopback, veth, veth6 (IPv6)           one machine; two and a cable
///   veth:big                               two and a cable that takes BIG TCP's packets
///   bridge, bridge:8, bridge:32            a bridge of so many ports (2 without a number)
///   routed, routed:2, routed:4             so many routers between (1 without a number)
///   masquerade, dnat                       a router that rewrites the source; or destination and port
///   rules:N, set:N                         a router that compares with N rules, or with as many elements of one set
///   vxlan, macvlan                         a tunnel over a cable; two devices on one
std::span<const TrafficPath> paths();

/// The path of that name, or nullptr.
const TrafficPath* find_path(std::string_view name);

}  // namespace netrig::bench
