// What a measurement ran over: the link at each end of its path, and what is set there that changes the figures.
//
//   std::cout << measured_link(lab["left"], server);      // left:eth0 veth, mtu 1500, qdisc noqueue, cubic, tso on,
//   ... traffic::to_json(load, result, measured_environment(lab["left"], lab["right"], load.run));
#pragma once

#include <netrig/netlink/offloads.h>
#include <netrig/topology/node.h>
#include <netrig/traffic/measurement.h>

#include <cstdint>
#include <iosfwd>
#include <string>

namespace netrig {
inline namespace topology {

/// The link by which a node sends, as it is now.
struct MeasuredLink {
  std::string node;
  std::string interface;
  std::string kind;                ///< `veth`, `vxlan`, ...; empty for `lo` and hardware
  std::uint32_t mtu = 0;           ///< bytes
  std::string qdisc;               ///< at its root: `noqueue`, `tbf`, `mq`, ...
  std::uint32_t queue_length = 0;  ///< packets (txqueuelen)
  std::uint32_t queues = 0;        ///< for sending
  ByteCount gso_max_size;          ///< of the largest packet before it is cut up: gso_max_size() of offloads.h
  netlink::Offloads offloads;
  std::string congestion_control;  ///< of new TCP connections: the route's, else the namespace's

  [[nodiscard]] std::string to_string() const;
  /// An object, in one line; offloads are members by ethtool's names.
  [[nodiscard]] std::string to_json() const;
  friend bool operator==(const MeasuredLink&, const MeasuredLink&) = default;
};

std::ostream& operator<<(std::ostream& out, const MeasuredLink& link);

/// The link that packets from `node` to `destination` take first. Throws SetupError where none of them leaves: no
/// route, or one that refuses.
[[nodiscard]] MeasuredLink measured_link(const Node& node, const IpAddress& destination);

/// For traffic/report.h: Environment::here() as a JSON object, with `client` and `server`, the MeasuredLink of each,
/// and `client_cpu` and `server_cpu` where `run` pins a side. The server's is the one on its way to the client; where
/// it has none (the client is behind a NAT), that member is left out. `run.destination` may be unspecified: the
/// server's then.
[[nodiscard]] std::string measured_environment(const Node& client, const Node& server, const traffic::RunOptions& run);

}  // namespace topology
}  // namespace netrig
