#include <netrig/netlink/route.h>
#include <netrig/nft/counted.h>
#include <netrig/topology/blockers.h>
#include <netrig/topology/diagnosis.h>
#include <netrig/topology/plan.h>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <optional>

namespace netrig {
inline namespace topology {

namespace {

constexpr int kMostHops = 32;

std::string quoted(const Node& node) { return "\"" + node.name() + "\""; }

std::string_view forwarding_setting(AddressFamily family) {
  return family == AddressFamily::ipv4 ? "net.ipv4.ip_forward" : "net.ipv6.conf.all.forwarding";
}

std::string_view family_name(AddressFamily family) { return family == AddressFamily::ipv4 ? "IPv4" : "IPv6"; }

std::string_view resolution(AddressFamily family) {
  return family == AddressFamily::ipv4 ? "ARP" : "neighbour discovery";
}

bool is_resolved(netlink::NeighbourState state) {
  using enum netlink::NeighbourState;
  return state == reachable || state == stale || state == delay || state == probe || state == permanent ||
         state == noarp;
}

class Walk {
 public:
  Walk(const Evidence& before, const Evidence& after, const ProbePacket& packet, Diagnosis& diagnosis)
      : before_{before}, after_{after}, packet_{packet}, diagnosis_{diagnosis} {}

  // Follows a packet to `destination`. The position of the node that takes it in, or nullopt with the cause told.
  std::optional<std::size_t> follow(std::size_t at, IpAddress destination, const std::string& prefix) {
    for (int hop = 0; hop < kMostHops; ++hop) {
      const auto towards = translated(at, destination);
      if (blocked_at(at, encounter(at, hop, owns(at, towards)), prefix)) return std::nullopt;
      note_source_translation(at, destination);
      destination = towards;
      if (owns(at, destination)) return at;
      if (hop > 0 && !forwards(at, destination.family(), prefix)) return std::nullopt;
      const auto route = route_from(at, destination, prefix);
      if (!route) return std::nullopt;
      const auto next = next_hop(at, *route, destination, prefix);
      if (!next) return std::nullopt;
      at = *next;
    }
    tell(at, prefix, Verdict::no_route, fmt::format("the packet goes in circles: it passed {} nodes", kMostHops));
    return std::nullopt;
  }

  void tell(std::size_t at, const std::string& prefix, Verdict verdict, const std::string& cause) {
    if (!diagnosis_.cause.empty()) return;
    diagnosis_.cause = prefix + cause;
    diagnosis_.verdict = verdict;
    diagnosis_.node = after_.nodes[at].name();
  }

  /// The source that the packet had when it arrived: another than it left with where source NAT translated it.
  std::optional<IpAddress> source;

  /// Blames the first rule on the way that could have stopped the packet and has no counter. For when nothing else
  /// explains that no answer came.
  void suspect_rules(const std::string& prefix) {
    for (const auto& [at, suspect] : suspects_) {
      const auto text = fmt::format("probably dropped at {} (no counter tells): {}", quoted(after_.nodes[at]),
                                    nft::to_string(suspect));
      if (diagnosis_.explains()) {
        diagnosis_.state.push_back(prefix + text);
      } else {
        diagnosis_.cause = prefix + text;
        diagnosis_.verdict = Verdict::dropped;
        diagnosis_.node = after_.nodes[at].name();
        diagnosis_.suspected = true;
      }
    }
  }

  [[nodiscard]] std::optional<std::size_t> owner_of(const IpAddress& address) const {
    for (std::size_t i = 0; i < after_.nodes.size(); ++i) {
      if (owns(i, address)) return i;
    }
    return std::nullopt;
  }

 private:
  [[nodiscard]] const Snapshot& now(std::size_t at) const { return after_.snapshots[at]; }

  [[nodiscard]] bool owns(std::size_t at, const IpAddress& address) const {
    return std::ranges::any_of(now(at).addresses, [&](const auto& own) { return own.local.address() == address; });
  }

  // Translation of the destination shows in the connection table only once the packet got through.
  [[nodiscard]] Encounter encounter(std::size_t at, int hop, bool owned) const {
    if (hop == 0) return Encounter::sent;
    if (translates(now(at).ruleset)) return Encounter::either;
    return owned ? Encounter::received : Encounter::routed;
  }

  // A rule or policy that drops or rejects such a packet, and counted since `before`. Others are noted as suspects.
  bool blocked_at(std::size_t at, Encounter encounter, const std::string& prefix) {
    if (translates(now(at).ruleset)) packet_ = packet_.translated();
    for (const auto& suspect : possible_blockers(now(at).ruleset, encounter, packet_)) {
      const std::pair found{at, suspect};
      if (!counts(at, suspect) && std::ranges::find(suspects_, found) == suspects_.end()) suspects_.push_back(found);
    }
    if (at >= before_.snapshots.size()) return false;
    const auto blocked = seen_blocking(before_.snapshots[at].ruleset, now(at).ruleset, encounter, packet_);
    if (blocked.empty()) return false;
    tell(at, prefix, Verdict::dropped,
         fmt::format("dropped at {}: {}", quoted(after_.nodes[at]), nft::to_string(blocked.front())));
    for (std::size_t i = 1; i < blocked.size(); ++i) {
      diagnosis_.state.push_back(
          fmt::format("also counted at {}: {}", quoted(after_.nodes[at]), nft::to_string(blocked[i])));
    }
    return true;
  }

  // Whether it has a counter, which then is the proof that it stopped nothing.
  [[nodiscard]] bool counts(std::size_t at, const nft::Counted& blocker) const {
    const auto* chain = now(at).ruleset.find(blocker.chain);
    if (chain == nullptr) return false;
    if (blocker.position == 0) return chain->hook && chain->hook->policy_count.has_value();
    return chain->rules[blocker.position - 1].count().has_value();
  }

  void note_source_translation(std::size_t at, const IpAddress& destination) {
    for (const auto& entry : now(at).connections) {
      if (entry.source_nat && source == entry.original.source && entry.original.destination == destination) {
        source = entry.reply.destination;
        return;
      }
    }
  }

  // Where destination NAT sends the packet, from the connection table.
  [[nodiscard]] IpAddress translated(std::size_t at, const IpAddress& destination) const {
    for (const auto& entry : now(at).connections) {
      if (entry.destination_nat && entry.original.destination == destination) return entry.reply.source;
      // an answer to a translated source
      if (entry.source_nat && entry.reply.destination == destination) return entry.original.source;
    }
    return destination;
  }

  bool forwards(std::size_t at, AddressFamily family, const std::string& prefix) {
    if (now(at).forwards(family)) return true;
    tell(at, prefix, Verdict::not_forwarded,
         fmt::format("{} does not forward {}: {} is 0", quoted(after_.nodes[at]), family_name(family),
                     forwarding_setting(family)));
    return false;
  }

  std::optional<netlink::Route> route_from(std::size_t at, const IpAddress& destination, const std::string& prefix) {
    auto route = after_.nodes[at].netlink(
        [&](netlink::Socket& socket) { return netlink::lookup_route(socket, {.destination = destination}); });
    if (route && route->type == netlink::RouteType::unicast && !route->hops.empty()) return *std::move(route);
    const auto who = quoted(after_.nodes[at]);
    if (route) {
      tell(at, prefix, Verdict::no_route,
           fmt::format("the route of {} to {} lets nothing through: {}", who, destination.to_string(),
                       route->to_string()));
    } else if (const auto dead = down_link_towards(at, destination)) {
      tell(at, prefix, Verdict::link_down, *dead);
    } else if (route.error().code == ENETUNREACH) {
      tell(at, prefix, Verdict::no_route, fmt::format("{} has no route to {}", who, destination.to_string()));
    } else if (const auto refusing = refusing_route(at, destination)) {
      tell(at, prefix, Verdict::no_route,
           fmt::format("the route of {} to {} lets nothing through: {}", who, destination.to_string(),
                       refusing->to_string()));
    } else {
      tell(at, prefix, Verdict::no_route,
           fmt::format("the routes of {} refuse {}: {}", who, destination.to_string(),
                       describe_errno(route.error().code)));
    }
    return std::nullopt;
  }

  // The blackhole, unreachable or prohibit route that the destination meets: a lookup gives only its error.
  [[nodiscard]] std::optional<netlink::Route> refusing_route(std::size_t at, const IpAddress& destination) const {
    std::optional<netlink::Route> longest;
    for (const auto& route : now(at).routes) {
      if (route.type == netlink::RouteType::unicast || !route.destination.contains(destination)) continue;
      if (!longest || route.destination.length() > longest->destination.length()) longest = route;
    }
    return longest;
  }

  // A route is gone because its link is down: the planned interface that held the destination, or a gateway.
  [[nodiscard]] std::optional<std::string> down_link_towards(std::size_t at, const IpAddress& destination) const {
    const auto& plan = after_.nodes[at].plan();
    for (const auto& interface : plan.interfaces) {
      const auto* link = now(at).find_link(interface.name.view());
      if (link == nullptr || link->up()) continue;
      const bool holds =
          std::ranges::any_of(interface.addresses, [&](const auto& own) { return own.prefix().contains(destination); });
      const bool leads = std::ranges::any_of(plan.routes, [&](const auto& route) {
        return plan.interfaces[route.interface].name == interface.name && route.destination.contains(destination);
      });
      if (holds || leads) return fmt::format("{} {} is down", quoted(after_.nodes[at]), interface.name.view());
    }
    return std::nullopt;
  }

  std::optional<std::size_t> next_hop(std::size_t at, const netlink::Route& route, const IpAddress& destination,
                                      const std::string& prefix) {
    const auto& hop = route.hops.front();
    const auto device = hop.device.to_string();
    diagnosis_.path += fmt::format("{}{} {}", diagnosis_.path.empty() ? "" : " > ", after_.nodes[at].name(), device);
    if (!link_works(at, device, prefix) || blocked_on_a_switch(prefix)) return std::nullopt;
    const auto towards = hop.via.value_or(destination);
    const auto owner = owner_of(towards);
    if (!neighbour_answers(at, towards, device, owner, prefix)) return std::nullopt;
    return owner;
  }

  // Bridge rules of any switch: a packet meets those between two nodes, and no other counts it.
  bool blocked_on_a_switch(const std::string& prefix) {
    for (std::size_t i = 0; i < after_.nodes.size(); ++i) {
      if (after_.nodes[i].plan().is_switch && blocked_at(i, Encounter::bridged, prefix)) return true;
    }
    return false;
  }

  bool link_works(std::size_t at, const std::string& device, const std::string& prefix) {
    const auto* link = now(at).find_link(device);
    if (link == nullptr) return true;
    if (!link->up()) {
      tell(at, prefix, Verdict::link_down, fmt::format("{} {} is down", quoted(after_.nodes[at]), device));
      return false;
    }
    if (link->carrier) return true;
    tell(at, prefix, Verdict::link_down, fmt::format("{}: the far end is down", cable(at, device)));
    return false;
  }

  [[nodiscard]] std::string cable(std::size_t at, const std::string& device) const {
    const auto near = after_.nodes[at].name() + ":" + device;
    const auto* interface = after_.nodes[at].plan().find(device);
    if (interface == nullptr || interface->is_bridge) return "link " + near;
    const auto& peer = after_.nodes[interface->peer_node].plan();
    return fmt::format("link {} - {}:{}", near, peer.name, peer.interfaces[interface->peer_interface].name.view());
  }

  bool neighbour_answers(std::size_t at, const IpAddress& towards, const std::string& device,
                         std::optional<std::size_t> owner, const std::string& prefix) {
    using netlink::NeighbourState;
    bool resolved = false;
    for (const auto& entry : now(at).neighbours) {
      if (entry.address != towards || entry.device.to_string() != device) continue;
      diagnosis_.state.push_back(fmt::format("{}: {}", quoted(after_.nodes[at]), entry.to_string()));
      if (entry.state == NeighbourState::failed || entry.state == NeighbourState::incomplete) owner = std::nullopt;
      diagnosis_.pending = entry.state == NeighbourState::incomplete;
      resolved |= is_resolved(entry.state);
    }
    if (owner) return true;
    if (resolved) return false;  // somebody answers for it whom the lab does not know: nothing can be told
    if (const auto dead = dead_link_of(towards)) {
      tell(at, prefix, Verdict::link_down, *dead);
    } else {
      tell(at, prefix, Verdict::no_neighbour,
           fmt::format("no neighbour: {} did not answer {} on {} {}", towards.to_string(), resolution(towards.family()),
                       quoted(after_.nodes[at]), device));
    }
    return false;
  }

  // Somebody has the address, and its link is down.
  [[nodiscard]] std::optional<std::string> dead_link_of(const IpAddress& address) const {
    for (std::size_t i = 0; i < after_.nodes.size(); ++i) {
      for (const auto& own : now(i).addresses) {
        if (own.local.address() != address) continue;
        const auto name = own.device.to_string();
        const auto* link = now(i).find_link(name);
        if (link == nullptr) continue;
        if (!link->up()) return fmt::format("{} {} is down", quoted(after_.nodes[i]), name);
        if (!link->carrier) return fmt::format("{}: the far end is down", cable(i, name));
      }
    }
    return std::nullopt;
  }

  const Evidence& before_;
  const Evidence& after_;
  ProbePacket packet_;
  std::vector<std::pair<std::size_t, nft::Counted>> suspects_;
  Diagnosis& diagnosis_;
};

bool ignores_echo(const Snapshot& node, AddressFamily family) {
  const auto found = node.sysctls.find(family == AddressFamily::ipv4 ? "net.ipv4.icmp_echo_ignore_all"
                                                                     : "net.ipv6.icmp.echo_ignore_all");
  return found != node.sysctls.end() && found->second == "1";
}

std::optional<IpAddress> source_of(const Node& from, const IpAddress& destination) {
  const auto route = from.netlink(
      [&](netlink::Socket& socket) { return netlink::lookup_route(socket, {.destination = destination}); });
  return route ? route->preferred_source : std::nullopt;
}

}  // namespace

Evidence gather(const Node& node) {
  Evidence evidence;
  evidence.nodes = node.lab_nodes();
  for (const auto& each : evidence.nodes) evidence.snapshots.push_back(each.snapshot());
  return evidence;
}

Diagnosis diagnose(const Node& from, const IpAddress& destination, const traffic::Service& service,
                   const Evidence& before, const Evidence& after, bool refused) {
  Diagnosis diagnosis;
  const auto start = std::ranges::find(after.nodes, from);
  if (start == after.nodes.end()) return diagnosis;
  const auto position = static_cast<std::size_t>(start - after.nodes.begin());
  const auto source = source_of(from, destination);
  const auto request = ProbePacket::request(source, destination, service);
  Walk walk{before, after, request, diagnosis};
  walk.source = source;
  const auto reached = walk.follow(position, destination, "");
  if (!reached) return diagnosis;
  diagnosis.path += fmt::format("{}{}", diagnosis.path.empty() ? "" : " > ", after.nodes[*reached].name());
  if (refused) {
    walk.tell(
        *reached, "", Verdict::no_listener,
        fmt::format("nothing listens on {} at \"{}\" (refused)", service.to_string(), after.nodes[*reached].name()));
    return diagnosis;
  }
  if (service.is_icmp() && ignores_echo(after.snapshots[*reached], destination.family())) {
    walk.tell(*reached, "", Verdict::ignored,
              fmt::format("\"{}\" ignores echo requests: {} is 1", after.nodes[*reached].name(),
                          destination.is_v4() ? "net.ipv4.icmp_echo_ignore_all" : "net.ipv6.icmp.echo_ignore_all"));
    return diagnosis;
  }
  walk.suspect_rules("");
  if (walk.source && *reached != position) {
    Diagnosis back;
    const bool same_addresses = walk.source == source && after.nodes[*reached].has_address(destination.family());
    Walk returning{before, after, same_addresses ? request.answer() : request.answer().translated(), back};
    const bool returned = returning.follow(*reached, *walk.source, "on the way back: ").has_value();
    if (returned) returning.suspect_rules("on the way back: ");
    if (!returned || (back.suspected && !diagnosis.explains())) {
      diagnosis.cause = back.cause;
      diagnosis.verdict = back.verdict;
      diagnosis.node = back.node;
      diagnosis.pending = back.pending;
      diagnosis.suspected = back.suspected;
      diagnosis.path += " | back: " + back.path;
      diagnosis.state.insert(diagnosis.state.end(), back.state.begin(), back.state.end());
    }
  }
  return diagnosis;
}

}  // namespace topology
}  // namespace netrig
