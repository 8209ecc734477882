#include <netrig/topology/measure.h>

#include <utility>

namespace netrig {
inline namespace topology {

namespace {

traffic::Side side(const Node& node) {
  return {node.name(), [node](const std::function<Result<void>()>& work) { return node.run(work); }};
}

template <class Load>
Load towards(const Node& to, Load load, AddressFamily family) {
  if (load.run.destination.is_unspecified()) load.run.destination = to.address(family);
  return load;
}

}  // namespace

traffic::Sides sides(const Node& from, const Node& to) { return {side(from), side(to)}; }

traffic::TcpResult measure(const Node& from, const Node& to, traffic::TcpLoad load, AddressFamily family) {
  return value_or_throw(traffic::measure_tcp(towards(to, std::move(load), family), sides(from, to)));
}

traffic::UdpResult measure(const Node& from, const Node& to, traffic::UdpLoad load, AddressFamily family) {
  return value_or_throw(traffic::measure_udp(towards(to, std::move(load), family), sides(from, to)));
}

traffic::LatencyResult measure(const Node& from, const Node& to, traffic::LatencyLoad load, AddressFamily family) {
  return value_or_throw(traffic::measure_latency(towards(to, std::move(load), family), sides(from, to)));
}

traffic::ConnectionRateResult measure(const Node& from, const Node& to, traffic::ConnectionLoad load,
                                      AddressFamily family) {
  return value_or_throw(traffic::measure_connections(towards(to, std::move(load), family), sides(from, to)));
}

traffic::WorkingLatency measure(const Node& from, const Node& to, traffic::LatencyLoad load,
                                const traffic::TcpLoad& bulk, AddressFamily family) {
  return value_or_throw(traffic::measure_working_latency(towards(to, std::move(load), family),
                                                         towards(to, bulk, family), sides(from, to)));
}

}  // namespace topology
}  // namespace netrig
