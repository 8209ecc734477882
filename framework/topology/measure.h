// Traffic measured between two machines of a lab: the loads and results of framework/traffic, by nodes.
//
//   TcpResult bulk = measure(lab["left"], lab["right"], traffic::TcpLoad{.streams = 4, .duration = 2s});
//   std::cout << bulk.goodput();                                          // at the receiver
//   measure(left, right, traffic::TcpLoad{.direction = traffic::Direction::reverse}, AddressFamily::ipv6);
//
// `from` is the client. Where the load names no destination, it is the address of `to` of that family. Each throws
// SetupError with what traffic/tcp_load.h and its siblings state, in the names of the nodes.
#pragma once

#include <netrig/net/address_family.h>
#include <netrig/topology/node.h>
#include <netrig/traffic/connection_rate.h>
#include <netrig/traffic/latency.h>
#include <netrig/traffic/tcp_load.h>
#include <netrig/traffic/udp_load.h>

namespace netrig {
inline namespace topology {

/// The two sides, for the functions of framework/traffic. Sockets are opened in the nodes' networks, which stay as long
/// as those.
[[nodiscard]] traffic::Sides sides(const Node& from, const Node& to);

[[nodiscard]] traffic::TcpResult measure(const Node& from, const Node& to, traffic::TcpLoad load,
                                         AddressFamily family = AddressFamily::ipv4);
[[nodiscard]] traffic::UdpResult measure(const Node& from, const Node& to, traffic::UdpLoad load,
                                         AddressFamily family = AddressFamily::ipv4);
[[nodiscard]] traffic::LatencyResult measure(const Node& from, const Node& to, traffic::LatencyLoad load,
                                             AddressFamily family = AddressFamily::ipv4);
[[nodiscard]] traffic::ConnectionRateResult measure(const Node& from, const Node& to, traffic::ConnectionLoad load,
                                                    AddressFamily family = AddressFamily::ipv4);
/// Latency while `bulk` runs between the same two.
[[nodiscard]] traffic::WorkingLatency measure(const Node& from, const Node& to, traffic::LatencyLoad load,
                                              const traffic::TcpLoad& bulk, AddressFamily family = AddressFamily::ipv4);

}  // namespace topology
}  // namespace netrig
