#include <netrig/topology/journey.h>
#include <netrig/topology/plan.h>

#include <algorithm>
#include <utility>

namespace netrig {
inline namespace topology {

namespace {

using nft::Waypoint;

// Where a packet comes into a node, with its headers.
std::optional<Waypoint> beginning(const nft::TraceEvent& event) {
  const auto at = nft::waypoint(event);
  const bool begins = at == Waypoint::entered || at == Waypoint::arrived || at == Waypoint::sent;
  return begins && event.headers ? at : std::nullopt;
}

// Past the ingress hook of an interface, and no further there: a device on top of it (macvlan, VLAN, bond) takes the
// packet over, which then comes in once more (net/core/dev.c, __netif_receive_skb_core(), another_round).
bool is_let_in(const Visit& visit) { return visit.reached == Waypoint::entered && !visit.drop; }

// Takes the events of one node apart. The kernel's numbers are used again, so each beginning is another packet.
class Splitter {
 public:
  Splitter(std::size_t node, std::vector<Visit>& visits) : node_{node}, visits_{visits} {}

  void take(const nft::TraceEvent& event) {
    auto open = open_.find(event.packet);
    const auto came = beginning(event);
    if (came && !(came == Waypoint::arrived && open != open_.end() && is_let_in(visits_[open->second]))) {
      visits_.push_back(begun(event, *came));
      open = open_.insert_or_assign(event.packet, visits_.size() - 1).first;
    }
    if (open != open_.end()) add(visits_[open->second], event);
  }

 private:
  [[nodiscard]] Visit begun(const nft::TraceEvent& event, Waypoint came) const {
    return {.node = node_,
            .events = {},
            .first = *event.headers,
            .last = *event.headers,
            .came = came == Waypoint::entered ? Waypoint::arrived : came,
            .reached = came};
  }

  static void add(Visit& visit, const nft::TraceEvent& event) {
    if (event.headers) visit.last = *event.headers;
    if (event.incoming != 0) visit.incoming = event.incoming;
    if (event.outgoing != 0) visit.outgoing = event.outgoing;
    if (const auto at = nft::waypoint(event)) visit.reached = *at;
    if (event.drops()) visit.drop = event;
    visit.events.push_back(event);
  }

  std::size_t node_;
  std::vector<Visit>& visits_;
  std::map<std::uint32_t, std::size_t> open_;  // by the kernel's number of the packet
};

// The number of the interface at the other end of the cable.
std::optional<std::uint32_t> far_end(const LabTrace& trace, const Visit& visit) {
  for (const auto& interface : trace.nodes()[visit.node].plan().interfaces) {
    if (static_cast<std::uint32_t>(interface.index) != visit.outgoing || interface.is_bridge) continue;
    const auto nodes = trace.nodes()[visit.node].lab_nodes();
    return static_cast<std::uint32_t>(nodes[interface.peer_node].plan().interfaces[interface.peer_interface].index);
  }
  return std::nullopt;
}

bool is_echo_reply(const nft::TracedPacket& packet) {
  if (!packet.icmp) return false;
  return packet.icmp->type == (packet.protocol == nft::Protocol::icmp ? static_cast<int>(nft::IcmpType::echo_reply)
                                                                      : static_cast<int>(nft::Icmpv6Type::echo_reply));
}

}  // namespace

bool is_answer(const nft::TracedPacket& answer, const nft::TracedPacket& question) {
  if (answer.destination != question.source) return false;
  if (answer.is_error()) return answer.is_error_about(question);
  if (answer.source != question.destination || answer.protocol != question.protocol) return false;
  if (question.icmp)
    return is_echo_reply(answer) && answer.icmp->id == question.icmp->id && answer.sequence == question.sequence;
  return answer.source_port == question.destination_port && answer.destination_port == question.source_port;
}

// The ingress hook is the interface's, whatever comes after it.
bool Visit::bridged() const {
  const auto own = std::ranges::find_if(events, [](const auto& event) {
    const auto at = nft::waypoint(event);
    return at && at != Waypoint::entered;
  });
  return own != events.end() && own->chain.table.family == nft::Family::bridge;
}

Journeys::Journeys(const LabTrace& trace) : trace_{trace} {
  for (std::size_t node = 0; node < trace.nodes().size(); ++node) {
    Splitter splitter{node, visits_};
    for (const auto& event : trace.events(node)) splitter.take(event);
  }
  for (std::size_t i = 0; i < visits_.size(); ++i) {
    const Visit& visit = visits_[i];
    if (visit.came == Waypoint::arrived) {
      arrivals_[visit.first].push_back(i);
    } else if (visit.bridged()) {
      framed_[visit.first].push_back(i);
    }
  }
}

std::optional<std::size_t> Journeys::next(const Visit& here, const std::set<std::size_t>& used) const {
  if (const auto framed = framed_.find(here.last); framed != framed_.end() && !here.bridged()) {
    for (const std::size_t visit : framed->second) {
      if (!used.contains(visit) && visits_[visit].node == here.node) return visit;
    }
  }
  const bool inside = is_let_in(here);
  const auto arrivals = arrivals_.find(here.last);
  if (arrivals == arrivals_.end()) return std::nullopt;
  const auto end = far_end(trace_, here);
  std::optional<std::size_t> any;
  for (const std::size_t arrival : arrivals->second) {
    if (used.contains(arrival) || (inside && visits_[arrival].node != here.node)) continue;
    if (end && visits_[arrival].incoming == *end) return arrival;
    if (!any) any = arrival;
  }
  return any;
}

std::vector<std::size_t> Journeys::follow(std::size_t start) const {
  std::vector<std::size_t> way{start};
  std::set<std::size_t> used{start};
  for (;;) {
    const Visit& here = visits_[way.back()];
    const bool taken_off_a_bridge = here.bridged() && here.reached == Waypoint::delivered;
    if (here.reached != Waypoint::left && !taken_off_a_bridge && !is_let_in(here)) return way;
    const auto further = next(here, used);
    if (!further) return way;
    used.insert(*further);
    way.push_back(*further);
  }
}

}  // namespace topology
}  // namespace netrig
