// Namespaces, interfaces and cables: names, indexes and MAC addresses that follow from the topology alone.
#include <netrig/topology/planner.h>

#include <fmt/format.h>

#include <algorithm>

namespace netrig {
inline namespace topology {

namespace {

class Wiring {
 public:
  explicit Wiring(Planner& planner) : planner_{planner} {}

  void run() {
    add_nodes();
    for (const auto& segment : planner_.topology.segments()) reserve_names(segment);
    for (const auto& segment : planner_.topology.segments()) add_segment(segment);
    for (const auto& trunk : planner_.topology.trunks()) add_trunk(trunk);
  }

 private:
  void add_nodes() {
    for (const auto& spec : planner_.topology.nodes()) {
      PlannedNode node;
      node.name = spec.name;
      node.forwards = spec.kind == NodeKind::router;
      node.sysctls = spec.sysctls;
      planner_.plan.nodes.push_back(std::move(node));
    }
  }

  // Names that the user gave come first: what is made up later keeps clear of them.
  void reserve_names(const SegmentSpec& segment) {
    for (const auto& member : segment.members) {
      if (!member.interface.empty()) reserve(planner_.node_index(member.node), member.interface, segment.name);
    }
    if (!segment.bridge_node.empty())
      reserve(planner_.node_index(segment.bridge_node), segment.bridge_interface, segment.name);
  }

  void reserve(std::size_t node, const std::string& name, const std::string& segment) {
    if (taken_.insert({node, name}).second && name != "lo") return;
    planner_.problem(fmt::format("name interface {} on segment {}", name, segment), planner_.plan.nodes[node].name,
                     "the node has an interface of that name already: give each its own");
  }

  InterfaceName choose_name(std::size_t node, std::string_view stem, std::string_view first_choice) {
    const std::string wish{first_choice};
    if (!wish.empty() && InterfaceName::parse(wish) && wish != "lo" && taken_.insert({node, wish}).second) {
      return InterfaceName::parse(wish).value();
    }
    for (int number = 0;; ++number) {
      const std::string name = fmt::format("{}{}", stem, number);
      if (taken_.insert({node, name}).second) return InterfaceName::parse(name).value();
    }
  }

  InterfaceRef add_interface(std::size_t node, InterfaceName name, const SegmentSpec& segment) {
    PlannedInterface interface;
    interface.name = name;
    interface.index = next_index_;
    const auto number = static_cast<std::uint32_t>(next_index_++);
    interface.mac = MacAddress::local(number);
    interface.mtu = segment.mtu.value_or(1500);
    interface.segment = segment.name;
    interface.metric = segment.metric;
    auto& interfaces = planner_.plan.nodes[node].interfaces;
    interfaces.push_back(std::move(interface));
    return {node, interfaces.size() - 1};
  }

  InterfaceRef add_member(const AttachmentSpec& member, const SegmentSpec& segment) {
    const auto node = planner_.node_index(member.node);
    const auto name =
        member.interface.empty() ? choose_name(node, "eth", "") : InterfaceName::parse(member.interface).value();
    const auto ref = add_interface(node, name, segment);
    auto& interface = planner_.at(ref);
    if (member.mac) interface.mac = *member.mac;
    if (member.metric != 0) interface.metric = member.metric;
    interface.addresses = member.addresses;
    return ref;
  }

  void connect(InterfaceRef a, InterfaceRef b) {
    planner_.at(a).peer_node = b.node;
    planner_.at(a).peer_interface = b.interface;
    planner_.at(b).peer_node = a.node;
    planner_.at(b).peer_interface = a.interface;
  }

  InterfaceRef add_bridge(const SegmentSpec& segment) {
    std::size_t node = 0;
    InterfaceName name = InterfaceName::parse(segment.bridge_interface).value();
    if (segment.bridge_node.empty()) {
      PlannedNode sw;
      sw.name = segment.name;
      sw.is_switch = true;
      node = planner_.plan.nodes.size();
      planner_.plan.nodes.push_back(std::move(sw));
      taken_.insert({node, segment.bridge_interface});
    } else {
      node = planner_.node_index(segment.bridge_node);
    }
    const auto ref = add_interface(node, name, segment);
    auto& bridge = planner_.at(ref);
    bridge.is_bridge = true;
    bridge.stp = segment.stp;
    bridge.addresses = segment.bridge_addresses;
    return ref;
  }

  InterfaceRef add_port(InterfaceRef bridge, const std::string& towards, const SegmentSpec& segment) {
    const auto port = add_interface(bridge.node, choose_name(bridge.node, "port", towards), segment);
    planner_.at(port).master = bridge.interface;
    return port;
  }

  void add_segment(const SegmentSpec& segment) {
    WiredSegment wired;
    wired.domain = planner_.segments.size();
    if (planner_.has_bridge(segment)) wired.bridge = add_bridge(segment);
    for (const auto& member : segment.members) wired.members.push_back(add_member(member, segment));
    if (wired.bridge) {
      for (const auto member : wired.members) {
        connect(member, add_port(*wired.bridge, planner_.plan.nodes[member.node].name, segment));
      }
    } else {
      connect(wired.members[0], wired.members[1]);
    }
    planner_.segments.push_back(std::move(wired));
  }

  void add_trunk(const TrunkSpec& trunk) {
    const auto& specs = planner_.topology.segments();
    const auto a = static_cast<std::size_t>(std::ranges::find(specs, trunk.a, &SegmentSpec::name) - specs.begin());
    const auto b = static_cast<std::size_t>(std::ranges::find(specs, trunk.b, &SegmentSpec::name) - specs.begin());
    const auto from = add_port(*planner_.segments[a].bridge, trunk.b, specs[a]);
    const auto to = add_port(*planner_.segments[b].bridge, trunk.a, specs[b]);
    connect(from, to);
    const auto old = planner_.segments[b].domain;
    for (auto& segment : planner_.segments) {
      if (segment.domain == old) segment.domain = planner_.segments[a].domain;
    }
  }

  Planner& planner_;
  std::set<std::pair<std::size_t, std::string>> taken_;
  int next_index_ = kFirstInterfaceIndex;
};

}  // namespace

void Planner::wire() { Wiring{*this}.run(); }

}  // namespace topology
}  // namespace netrig
