// What can be told of a topology before anything is worked out: names, references, numbers.
#include <netrig/topology/planner.h>

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace netrig {
inline namespace topology {

namespace {

constexpr std::uint32_t kLeastMtu = 68;  // RFC 791
constexpr std::uint32_t kMostMtu = 65535;

bool is_host_name(std::string_view name) {
  if (name.empty() || name.size() > 63 || name.front() == '-' || name.back() == '-') return false;
  return std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) != 0 || c == '-'; });
}

bool is_loopback_name(std::string_view name) {
  return name == "localhost" || name == "ip6-localhost" || name == "ip6-loopback";
}

void check_node_names(Planner& planner) {
  std::set<std::string> seen;
  for (const auto& node : planner.topology.nodes()) {
    if (!is_host_name(node.name)) {
      planner.problem("add node", node.name,
                      "a node's name is a host name: letters, digits and hyphens, 1 to 63 of them");
    }
    if (is_loopback_name(node.name)) {
      planner.problem("add node", node.name, "every node calls itself that (hosts(5)): choose another name");
    }
    if (!seen.insert(node.name).second) {
      planner.problem("add node", node.name, "there is a node of that name already: give each its own");
    }
  }
}

void check_known_node(Planner& planner, const std::string& name, const std::string& what) {
  if (std::ranges::find(planner.topology.nodes(), name, &NodeSpec::name) != planner.topology.nodes().end()) return;
  planner.problem(what, name, "there is no node of that name in this topology: add it with host() or router()");
}

void check_interface_name(Planner& planner, const std::string& name, const std::string& what, const std::string& node) {
  if (name.empty()) return;
  if (auto parsed = InterfaceName::parse(name); !parsed) planner.problem(what, node, parsed.error().message());
}

bool uses_ipv6(const SegmentSpec& segment) {
  const auto is_v6 = [](const auto& value) { return value.family() == AddressFamily::ipv6; };
  const auto has_v6 = [&](const AttachmentSpec& member) { return std::ranges::any_of(member.addresses, is_v6); };
  if (segment.addressed && (segment.prefixes.empty() || std::ranges::any_of(segment.prefixes, is_v6))) return true;
  return std::ranges::any_of(segment.members, has_v6) || std::ranges::any_of(segment.bridge_addresses, is_v6);
}

void check_mtu(Planner& planner, const SegmentSpec& segment) {
  if (!segment.mtu) return;
  const bool has_ipv6 = uses_ipv6(segment);
  const auto least = has_ipv6 ? kLeastIpv6Mtu : kLeastMtu;
  if (*segment.mtu >= least && *segment.mtu <= kMostMtu) return;
  planner.problem(fmt::format("set mtu {}", *segment.mtu), segment.name,
                  fmt::format("an MTU here is {} to {} bytes{}", least, kMostMtu,
                              has_ipv6 ? " (IPv6 needs 1280; give the segment IPv4 only for less)" : ""));
}

void check_prefixes(Planner& planner, const SegmentSpec& segment) {
  for (std::size_t i = 0; i < segment.prefixes.size(); ++i) {
    for (std::size_t j = i + 1; j < segment.prefixes.size(); ++j) {
      if (!segment.prefixes[i].overlaps(segment.prefixes[j])) continue;
      planner.problem(fmt::format("use prefix {}", segment.prefixes[j].to_string()), segment.name,
                      fmt::format("it overlaps {} on the same segment: use prefixes that share no address",
                                  segment.prefixes[i].to_string()));
    }
  }
}

void check_mac(Planner& planner, const AttachmentSpec& member) {
  if (!member.mac || (!member.mac->is_multicast() && !member.mac->is_zero())) return;
  planner.problem("set address " + member.mac->to_string(), member.node,
                  "a device's own MAC address is unicast: neither all zeros nor with an odd first octet");
}

void check_members(Planner& planner, const SegmentSpec& segment) {
  const auto what = "join segment " + segment.name;
  for (const auto& member : segment.members) {
    check_known_node(planner, member.node, what);
    check_interface_name(planner, member.interface, what, member.node);
    check_mac(planner, member);
  }
  if (!planner.has_bridge(segment) && segment.members[0].node == segment.members[1].node) {
    planner.problem(what, segment.members[0].node,
                    "both ends of the link are on it: join another node, or ask for a bridge with bridged()");
  }
  if (!segment.bridge_node.empty()) {
    const auto what = "place the bridge of segment " + segment.name;
    check_known_node(planner, segment.bridge_node, what);
    check_interface_name(planner, segment.bridge_interface, what, segment.bridge_node);
    for (const auto& member : segment.members) {
      if (member.node != segment.bridge_node) continue;
      planner.problem("join segment " + segment.name, member.node,
                      "it holds the segment's bridge, and has its address there: a port of a bridge has none, so do "
                      "not join it too");
    }
  } else if (segment.members.size() == 1 && !segment.bridged) {
    planner.problem("join segment " + segment.name, segment.members.front().node,
                    "the link's peer is missing: join a second node, or ask for a bridge with bridged()");
  } else if (segment.members.empty() && !segment.bridged) {
    planner.problem("add segment", segment.name, "nobody joins it: join two nodes, or ask for a bridge with bridged()");
  }
}

void check_segment_names(Planner& planner) {
  std::set<std::string> seen;
  for (const auto& segment : planner.topology.segments()) {
    if (!seen.insert(segment.name).second) {
      planner.problem("add segment", segment.name, "there is a segment of that name already: give each its own");
    }
    if (segment.name.empty()) planner.problem("add segment", segment.name, "a segment needs a name");
    if (!segment.bridge_node.empty() || !planner.has_bridge(segment)) continue;
    if (std::ranges::find(planner.topology.nodes(), segment.name, &NodeSpec::name) != planner.topology.nodes().end()) {
      planner.problem("add segment", segment.name, "its switch would be named like a node: rename one of them");
    } else if (!is_host_name(segment.name)) {
      planner.problem(
          "add segment", segment.name,
          "its switch is a node, and a node's name is a host name: letters, digits and hyphens, 1 to 63 of them");
    }
  }
}

// Trunks join segments; one that closes a ring floods for ever unless the bridges run STP.
void check_trunks(Planner& planner) {
  const auto& segments = planner.topology.segments();
  std::vector<std::size_t> domain;  // of each segment; at first each is its own
  for (std::size_t i = 0; i < segments.size(); ++i) domain.push_back(i);
  for (const auto& trunk : planner.topology.trunks()) {
    const auto a = std::ranges::find(segments, trunk.a, &SegmentSpec::name);
    const auto b = std::ranges::find(segments, trunk.b, &SegmentSpec::name);
    const auto what = fmt::format("add trunk {} - {}", trunk.a, trunk.b);
    if (a == segments.end() || b == segments.end()) {
      planner.problem(what, a == segments.end() ? trunk.a : trunk.b,
                      "there is no segment of that name in this topology");
      continue;
    }
    if (a == b) {
      planner.problem(what, trunk.a, "it joins the segment to itself: name two segments");
      continue;
    }
    const auto from = domain[static_cast<std::size_t>(a - segments.begin())];
    const auto to = domain[static_cast<std::size_t>(b - segments.begin())];
    if (from == to && !(a->stp && b->stp)) {
      planner.problem(what, trunk.a,
                      "it closes a loop of bridges, in which frames go round for ever: leave it out, or turn stp() on "
                      "for the segments in the loop");
    }
    std::ranges::replace(domain, to, from);
  }
}

void check_node(Planner& planner, const NodeSpec& node) {
  for (const auto& forward : node.port_forwards) {
    check_known_node(planner, forward.to, fmt::format("forward {} of node {}", forward.service.to_string(), node.name));
    if (!forward.service.port()) {
      planner.problem(fmt::format("forward {}", forward.service.to_string()), node.name,
                      "only tcp and udp have ports to forward");
    } else if (*forward.service.port() == Port{} || forward.to_port == Port{}) {
      planner.problem(
          fmt::format("forward {} to {} port {}", forward.service.to_string(), forward.to, forward.to_port.value()),
          node.name, "no packet has port 0: use 1 to 65535");
    }
  }
  if (node.kind == NodeKind::router || (node.masquerades.empty() && node.port_forwards.empty())) return;
  planner.problem("translate addresses", node.name,
                  "a host does not forward, so nothing would be translated: make it a router()");
}

}  // namespace

void Planner::check_specs() {
  check_node_names(*this);
  check_segment_names(*this);
  for (const auto& node : topology.nodes()) check_node(*this, node);
  for (const auto& segment : topology.segments()) {
    check_members(*this, segment);
    check_prefixes(*this, segment);
    check_mtu(*this, segment);
  }
  check_trunks(*this);
}

}  // namespace topology
}  // namespace netrig
