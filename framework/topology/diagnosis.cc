#include <netrig/nft/counted.h>
#include <netrig/topology/blockers.h>
#include <netrig/topology/diagnosis.h>
#include <netrig/topology/plan.h>
#include <netrig/topology/way_on.h>

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace netrig {
inline namespace topology {

namespace {

constexpr int kMostHops = 32;

std::string_view resolution(AddressFamily family) {
  return family == AddressFamily::ipv4 ? "ARP" : "neighbour discovery";
}

bool is_resolved(netlink::NeighbourState state) {
  using enum netlink::NeighbourState;
  return state == reachable || state == stale || state == delay || state == probe || state == permanent ||
         state == noarp;
}

// Every interface has one of that prefix, which so tells nothing of what it is connected to.
bool is_of_any_link(const IpAddress& address) { return !address.is_v4() && address.is_link_local(); }

// Where a packet is, and the interface that it came in by; none where it is sent, or that is not known.
struct Place {
  std::size_t node;
  std::string incoming = {};
};

class Walk {
 public:
  Walk(const Evidence& before, const Evidence& after, const ProbePacket& packet, Diagnosis& diagnosis)
      : before_{before}, after_{after}, packet_{packet}, diagnosis_{diagnosis} {}

  // Follows a packet to `destination`. The position of the node that takes it in, or nullopt with the cause told.
  std::optional<std::size_t> follow(std::size_t start, IpAddress destination, const std::string& prefix) {
    Place here{start};
    for (int hop = 0; hop < kMostHops; ++hop) {
      const auto at = here.node;
      const auto towards = translated(at, destination);
      if (blocked_at(at, encounter(at, hop, owns(at, towards)), prefix)) return std::nullopt;
      const Transit packet{.destination = towards,
                           .source = hop > 0 || source_counts(towards) ? source : std::nullopt,
                           .incoming = here.incoming};
      note_source_translation(at, destination);
      destination = towards;
      arrived = destination;
      if (owns(at, destination)) return takes_in(here, packet, prefix) ? std::optional{at} : std::nullopt;
      const auto route = route_from(here, packet, prefix);
      if (!route) return std::nullopt;
      auto next = next_hop(at, *route, destination, prefix);
      if (!next) return std::nullopt;
      here = *std::move(next);
    }
    tell(here.node, prefix, Verdict::no_route,
         fmt::format("the packet goes in circles: it passed {} nodes", kMostHops));
    return std::nullopt;
  }

  void tell(std::size_t at, const std::string& prefix, Verdict verdict, const std::string& cause) {
    if (!diagnosis_.cause.empty()) return;
    diagnosis_.cause = prefix + cause;
    diagnosis_.verdict = verdict;
    diagnosis_.node = after_.nodes[at].name();
  }

  /// The source that the packet has: another than it left with where NAT translated it.
  std::optional<IpAddress> source;
  /// The destination that it has, likewise.
  IpAddress arrived;
  /// Its sender has no choice of source: it answers, or was told.
  bool is_bound = false;

  /// Blames the first rule on the way that could have stopped the packet and has no counter. For when nothing else
  /// explains that no answer came.
  void suspect_rules(const std::string& prefix) {
    for (const auto& [at, suspect] : suspects_) {
      const auto text = fmt::format("probably dropped at {} (no counter tells): {}", in_quotes(after_.nodes[at]),
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

 private:
  [[nodiscard]] const Snapshot& now(std::size_t at) const { return after_.snapshots[at]; }

  // Whether rules for the source count where it is sent. IPv4 chooses the source, then the route once more; IPv6 does
  // that only where the first had an error (ip6_output.c, ip6_dst_lookup_tail()).
  [[nodiscard]] bool source_counts(const IpAddress& destination) const { return is_bound || destination.is_v4(); }

  // The node that has the address, as one that a packet for it comes to from a device of the node `at`.
  [[nodiscard]] std::optional<Place> owner_of(const IpAddress& address, std::size_t at,
                                              const std::string& device) const {
    for (std::size_t i = 0; i < after_.nodes.size(); ++i) {
      for (const auto& own : now(i).addresses) {
        if (own.local.address() == address) return Place{i, incoming_of(i, own, at, device)};
      }
    }
    return std::nullopt;
  }

  // The interface that a packet comes in by. IPv4 answers ARP for the addresses of all its interfaces by each of them,
  // so it is the one of the sender's network, and not known where none is.
  [[nodiscard]] std::string incoming_of(std::size_t to, const netlink::Address& asked, std::size_t at,
                                        const std::string& device) const {
    const auto shared = [&](const netlink::Address& own) {
      return std::ranges::any_of(now(at).addresses, [&](const netlink::Address& near) {
        return near.device.to_string() == device && !is_of_any_link(near.local.address()) &&
               near.local.prefix().contains(own.local.address());
      });
    };
    if (is_of_any_link(asked.local.address()) || shared(asked)) return asked.device.to_string();
    const auto own = std::ranges::find_if(now(to).addresses, shared);
    return own == now(to).addresses.end() ? std::string{} : own->device.to_string();
  }

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
         fmt::format("dropped at {}: {}", in_quotes(after_.nodes[at]), nft::to_string(blocked.front())));
    for (std::size_t i = 1; i < blocked.size(); ++i) {
      diagnosis_.state.push_back(
          fmt::format("also counted at {}: {}", in_quotes(after_.nodes[at]), nft::to_string(blocked[i])));
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
      // the answer of a translated destination
      if (entry.destination_nat && source == entry.reply.source && entry.reply.destination == destination) {
        source = entry.original.destination;
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

  std::optional<netlink::Route> route_from(const Place& here, const Transit& packet, const std::string& prefix) {
    auto way = way_on(after_.nodes[here.node], now(here.node), packet);
    if (way.refusal) tell(here.node, prefix, way.refusal->verdict, way.refusal->cause);
    return std::move(way.route);
  }

  bool takes_in(const Place& here, const Transit& packet, const std::string& prefix) {
    const auto refusal = refused_source(after_.nodes[here.node], now(here.node), packet);
    if (refusal) tell(here.node, prefix, refusal->verdict, refusal->cause);
    return !refusal;
  }

  std::optional<Place> next_hop(std::size_t at, const netlink::Route& route, const IpAddress& destination,
                                const std::string& prefix) {
    const auto& hop = route.hops.front();
    const auto device = hop.device.to_string();
    diagnosis_.path += fmt::format("{}{} {}", diagnosis_.path.empty() ? "" : " > ", after_.nodes[at].name(), device);
    if (!link_works(at, device, prefix) || blocked_on_a_switch(prefix)) return std::nullopt;
    const auto towards = hop.via.value_or(destination);
    auto owner = owner_of(towards, at, device);
    if (!neighbour_answers(at, towards, device, owner.has_value(), prefix)) return std::nullopt;
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
      tell(at, prefix, Verdict::link_down, fmt::format("{} {} is down", in_quotes(after_.nodes[at]), device));
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

  bool neighbour_answers(std::size_t at, const IpAddress& towards, const std::string& device, bool owned,
                         const std::string& prefix) {
    using netlink::NeighbourState;
    bool resolved = false;
    for (const auto& entry : now(at).neighbours) {
      if (entry.address != towards || entry.device.to_string() != device) continue;
      diagnosis_.state.push_back(fmt::format("{}: {}", in_quotes(after_.nodes[at]), entry.to_string()));
      if (entry.state == NeighbourState::failed || entry.state == NeighbourState::incomplete) owned = false;
      diagnosis_.pending = entry.state == NeighbourState::incomplete;
      resolved |= is_resolved(entry.state);
    }
    if (owned) return true;
    if (resolved) return false;  // somebody answers for it whom the lab does not know: nothing can be told
    if (const auto dead = dead_link_of(towards)) {
      tell(at, prefix, Verdict::link_down, *dead);
    } else {
      tell(at, prefix, Verdict::no_neighbour,
           fmt::format("no neighbour: {} did not answer {} on {} {}", towards.to_string(), resolution(towards.family()),
                       in_quotes(after_.nodes[at]), device));
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
        if (!link->up()) return fmt::format("{} {} is down", in_quotes(after_.nodes[i]), name);
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
                   const Evidence& before, const Evidence& after, bool refused, const Origin& origin) {
  Diagnosis diagnosis;
  const auto start = std::ranges::find(after.nodes, from);
  if (start == after.nodes.end()) return diagnosis;
  const auto position = static_cast<std::size_t>(start - after.nodes.begin());
  const auto source = origin.address ? origin.address : source_of(from, destination);
  auto request = ProbePacket::request(source, destination, service);
  if (origin.port.value() != 0) request.source_port = origin.port;
  Walk walk{before, after, request, diagnosis};
  walk.source = source;
  walk.is_bound = origin.address.has_value();
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
    returning.source = walk.arrived;
    returning.is_bound = true;
    const std::string prefix{kOnTheWayBack};
    const bool returned = returning.follow(*reached, *walk.source, prefix).has_value();
    if (returned) returning.suspect_rules(prefix);
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
