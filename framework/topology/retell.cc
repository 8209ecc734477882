#include <netrig/nft/reserved.h>
#include <netrig/topology/plan.h>
#include <netrig/topology/retell.h>
#include <netrig/traffic/connect.h>

#include <fmt/format.h>

#include <map>
#include <utility>

namespace netrig {
inline namespace topology {

namespace {

using nft::Waypoint;

std::string endpoint_text(const IpAddress& address, const std::optional<Port>& port) {
  return port ? traffic::Endpoint{address, *port}.to_string() : address.to_string();
}

PathDecision decision_of(LabTrace& trace, std::size_t node, const nft::TraceEvent& event) {
  PathDecision decision{.rule = {.chain = event.chain}};
  if (event.verdict) decision.verdict = *event.verdict;
  if (event.kind == nft::TraceEvent::Kind::policy) {
    decision.rule.text = "policy " + nft::to_string(nft::Expression{decision.verdict});
  } else if (const auto* rule = trace.rules(node).find(event.chain.table, event.rule)) {
    decision.rule = *rule;
  } else {
    decision.rule.handle = event.rule;
    decision.rule.text = "a rule that is there no more";
  }
  return decision;
}

void add_translation(PathHop& hop, const nft::TracedPacket& before, const nft::TracedPacket& after) {
  if (before.destination != after.destination || before.destination_port != after.destination_port) {
    hop.steps.push_back({.translation = "dnat to " + endpoint_text(after.destination, after.destination_port)});
  }
  if (before.source != after.source || before.source_port != after.source_port) {
    hop.steps.push_back({.translation = "snat to " + endpoint_text(after.source, after.source_port)});
  }
}

}  // namespace

std::string interface_name(const Node& node, std::uint32_t index) {
  if (index == 0) return {};
  for (const auto& interface : node.plan().interfaces) {
    if (static_cast<std::uint32_t>(interface.index) == index) return interface.name.to_string();
  }
  const auto link = node.netlink([&](netlink::Socket& socket) { return netlink::get_link(socket, {.index = index}); });
  return link ? link->name.to_string() : fmt::format("interface {}", index);
}

PathHop retell(LabTrace& trace, const Visit& visit) {
  const Node& node = trace.nodes()[visit.node];
  PathHop hop{.node = node.name(), .bridged = visit.bridged()};
  if (visit.came == Waypoint::arrived) hop.incoming = interface_name(node, visit.incoming);
  if (visit.reached == Waypoint::left && !visit.drop) hop.outgoing = interface_name(node, visit.outgoing);
  hop.delivered = visit.reached == Waypoint::delivered && !visit.bridged();
  auto seen = visit.first;
  for (const auto& event : visit.events) {
    if (event.headers) add_translation(hop, std::exchange(seen, *event.headers), *event.headers);
    const bool decides = event.kind != nft::TraceEvent::Kind::end && !nft::is_reserved(event.chain.table);
    if (decides) hop.steps.push_back({.decision = decision_of(trace, visit.node, event)});
    if (visit.drop && *visit.drop == event) break;
  }
  return hop;
}

// RFC 792 and RFC 4443, in the words of nft(8), "icmp code" and "icmpv6 code".
std::string refusal(const nft::TracedPacket& packet) {
  constexpr int kReset = 4;
  if (!packet.icmp) return (packet.tcp_flags & kReset) != 0 ? "tcp reset" : "";
  const bool v4 = packet.protocol == nft::Protocol::icmp;
  if (packet.icmp->type != (v4 ? 3 : 1)) return {};
  using Names = std::map<int, std::string>;
  static const Names v4_names{{0, "net-unreachable"},  {1, "host-unreachable"}, {2, "prot-unreachable"},
                              {3, "port-unreachable"}, {9, "net-prohibited"},   {10, "host-prohibited"},
                              {13, "admin-prohibited"}};
  static const Names v6_names{{0, "no-route"},         {1, "admin-prohibited"}, {3, "addr-unreachable"},
                              {4, "port-unreachable"}, {5, "policy-fail"},      {6, "reject-route"}};
  const Names& names = v4 ? v4_names : v6_names;
  const auto found = names.find(packet.icmp->code);
  return found == names.end() ? fmt::format("code {}", packet.icmp->code) : found->second;
}

std::string translations(const std::vector<PathHop>& hops) {
  std::string text;
  for (const auto& hop : hops) {
    for (const auto& step : hop.steps) {
      if (!step.translation.empty()) text += (text.empty() ? "" : ", ") + step.translation;
    }
  }
  return text;
}

}  // namespace topology
}  // namespace netrig
