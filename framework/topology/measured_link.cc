#include <netrig/topology/environment.h>
#include <netrig/topology/measured_link.h>
#include <netrig/topology/offloads.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <optional>
#include <ostream>
#include <utility>

namespace netrig {
inline namespace topology {

namespace {

using OrderedJson = nlohmann::ordered_json;

OrderedJson offloads_json(const netlink::Offloads& offloads) {
  auto object = OrderedJson::object();
  const auto add = [&](const char* name, std::optional<bool> value) {
    if (value) object[name] = *value;
  };
  add("tx-checksumming", offloads.tx_checksum);
  add("rx-checksumming", offloads.rx_checksum);
  add("scatter-gather", offloads.scatter_gather);
  add("tcp-segmentation-offload", offloads.tso);
  add("generic-segmentation-offload", offloads.gso);
  add("generic-receive-offload", offloads.gro);
  return object;
}

// The device of the way there, and the congestion control that the route asks for.
std::pair<netlink::Link, std::string> first_link(const Node& node, const IpAddress& destination) {
  return value_or_throw(node.netlink([&](netlink::Socket& socket) -> Result<std::pair<netlink::Link, std::string>> {
    const auto route = NETRIG_TRY(netlink::lookup_route(socket, {.destination = destination}));
    if (route.hops.empty())
      return fail(Error::invalid("ip route get " + destination.to_string(), node.name(), "it leaves by no link"));
    auto link = NETRIG_TRY(netlink::get_link(socket, route.hops.front().device));
    return std::pair{std::move(link), route.metrics.congestion_control};
  }));
}

// Nothing where the client's address means nothing to the server.
std::optional<MeasuredLink> way_back(const Node& client, const Node& server, const IpAddress& destination) {
  try {
    return measured_link(server, client == server ? destination : client.address(destination.family()));
  } catch (const SetupError&) {
    return std::nullopt;
  }
}

}  // namespace

MeasuredLink measured_link(const Node& node, const IpAddress& destination) {
  auto [link, congestion_control] = first_link(node, destination);
  const auto interface = link.name.to_string();
  if (congestion_control.empty()) congestion_control = node.sysctl("net.ipv4.tcp_congestion_control");
  return {.node = node.name(),
          .interface = interface,
          .kind = std::move(link.kind),
          .mtu = link.mtu,
          .qdisc = std::move(link.qdisc),
          .queue_length = link.tx_queue_length,
          .queues = link.tx_queues,
          .gso_max_size = gso_max_size(node, interface),
          .offloads = offloads(node, interface),
          .congestion_control = std::move(congestion_control)};
}

std::string MeasuredLink::to_string() const {
  return fmt::format("{}:{}{}{}, mtu {}, qdisc {}, queue length {}, queues {}, gso_max_size {}, {}, {}", node,
                     interface, kind.empty() ? "" : " ", kind, mtu, qdisc, queue_length, queues, gso_max_size.value(),
                     congestion_control, offloads.to_string());
}

std::string MeasuredLink::to_json() const {
  return OrderedJson{{"node", node},
                     {"interface", interface},
                     {"kind", kind},
                     {"mtu", mtu},
                     {"qdisc", qdisc},
                     {"queue_length", queue_length},
                     {"queues", queues},
                     {"gso_max_size", gso_max_size.value()},
                     {"congestion_control", congestion_control},
                     {"offloads", offloads_json(offloads)}}
      .dump();
}

std::ostream& operator<<(std::ostream& out, const MeasuredLink& link) { return out << link.to_string(); }

std::string measured_environment(const Node& client, const Node& server, const traffic::RunOptions& run) {
  const auto destination = run.destination.is_unspecified() ? server.address() : run.destination;
  auto json = OrderedJson::parse(Environment::here().to_json());
  json["client"] = OrderedJson::parse(measured_link(client, destination).to_json());
  if (const auto back = way_back(client, server, destination)) json["server"] = OrderedJson::parse(back->to_json());
  if (run.client_cpu) json["client_cpu"] = *run.client_cpu;
  if (run.server_cpu) json["server_cpu"] = *run.server_cpu;
  return json.dump();
}

}  // namespace topology
}  // namespace netrig
