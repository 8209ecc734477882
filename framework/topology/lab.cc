#include <netrig/base/fault_point.h>
#include <netrig/base/scope_exit.h>
#include <netrig/base/teardown_failure.h>
#include <netrig/netlink/neighbour.h>
#include <netrig/netlink/peer.h>
#include <netrig/netns/sysctl.h>
#include <netrig/topology/cuts.h>
#include <netrig/topology/lab.h>
#include <netrig/topology/lab_state.h>
#include <netrig/topology/node_coverage.h>

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <tuple>
#include <utility>

namespace netrig {
inline namespace topology {

// ---- cables

LinkCut::LinkCut(std::shared_ptr<CableCuts> cable) : cable_{std::move(cable)} {}
LinkCut::LinkCut(LinkCut&&) noexcept = default;

LinkCut& LinkCut::operator=(LinkCut&& other) noexcept {
  LinkCut old{std::move(*this)};  // let go of when this returns
  cable_ = std::move(other.cable_);
  return *this;
}

LinkCut::~LinkCut() {
  try {
    restore();
  } catch (const std::exception& error) {
    // A lab that ended first took the link with it; anything else must be seen.
    if (!cable_->lab_has_ended()) report_teardown_failure(fmt::format("link not restored: {}", error.what()).c_str());
    cable_->abandon();
  }
}

void LinkCut::restore() {
  if (!cable_) return;
  cable_->remove();
  cable_.reset();
}

std::string LabLink::to_string() const {
  return fmt::format("{}:{} - {}:{}", a_.node.name(), a_.interface.to_string(), b_.node.name(),
                     b_.interface.to_string());
}

LinkCut LabLink::down() const {
  auto cable = CableCuts::of(*this);
  cable->add();
  return LinkCut{std::move(cable)};
}

// ---- the lab

namespace {

// From here on its handles say that the lab has ended, and nothing new begins.
void end(NodeState& node) {
  const std::scoped_lock lock{node.turn};
  node.ended = true;
  node.lab = nullptr;
  node.programs.reset();
}

// Their sockets hold the namespace as long as the handles of the test live.
void close_listeners(NodeState& node) {
  std::vector<std::weak_ptr<traffic::Listener::State>> listeners;
  {
    const std::scoped_lock lock{node.turn};
    listeners.swap(node.listeners);
  }
  for (const auto& weak : listeners) {
    if (const auto listener = weak.lock()) traffic::Listener::close(*listener);
  }
}

}  // namespace

// A TCP connection that was closed with something still unsaid holds its namespace until the kernel gives up: once the
// other side is gone, for 100 s (tcp_orphan_retries() in net/ipv4/tcp_timer.c). Nobody will ever answer: once more is
// enough.
static void shorten_last_words(const NodeState& node) noexcept try {
  if (node.network) std::ignore = netns::Sysctls{*node.network}.set("net.ipv4.tcp_orphan_retries", "1");
} catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): without memory they take their time
}

// The kernel frees a namespace some seconds after the last user, on a busy machine; until then its entries count in the
// neighbour tables, which are the whole machine's (netlink/neighbour_table.h): those of some hundred dead labs fill
// them, and then no live one can send to anybody new.
static void forget_neighbours(NodeState& node) noexcept try {
  const std::scoped_lock lock{node.turn};
  if (!node.socket) return;
  std::ignore = netlink::flush_neighbours(*node.socket, netlink::FlushedNeighbours::learned_and_noarp);
} catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): without memory they go with their namespace
}

LabState::~LabState() {
  NodeCoverage::end(*this);
  for (const auto& node : nodes) end(*node);
  if (programs) programs->end();  // first: their sockets hold the namespaces, and they may still be using them
  programs.reset();
  for (const auto& node : nodes) close_listeners(*node);
  for (const auto& node : nodes) shorten_last_words(*node);
  for (const auto& node : nodes) forget_neighbours(*node);
  for (const auto& node : nodes) {
    const std::scoped_lock lock{node->turn};
    fault_point("let-go-of-namespace");
    node->tracer.reset();
    node->coverage.reset();
    node->frontend.reset();
    node->netfilter.reset();
    node->socket.reset();
    node->network.reset();
  }
}

void require(Result<void> result) {
  if (!result) throw SetupError{std::move(result).error()};
}

Lab::Lab(std::shared_ptr<LabState> state) : state_{std::move(state)} {}
Lab::Lab(const Topology& topology) : state_{value_or_throw(build_lab(topology))} {}
Lab::Lab(Lab&&) noexcept = default;
Lab& Lab::operator=(Lab&&) noexcept = default;
Lab::~Lab() = default;

Result<Lab> Lab::build(const Topology& topology) { return Lab{NETRIG_TRY(build_lab(topology))}; }

LabState& Lab::state() const {
  if (state_) return *state_;
  throw SetupError{Error::invalid("use a lab", "", "it was moved from: use the Lab that it was moved to")};
}

Node Lab::operator[](std::string_view name) const {
  std::string known;
  for (const auto& node : state().nodes) {
    if (node->plan.name == name) return Node{node};
    known += (known.empty() ? "" : ", ") + node->plan.name;
  }
  throw SetupError{Error::invalid("find node", std::string{name}, "the lab has no node of that name; it has " + known)};
}

std::vector<Node> Lab::nodes() const {
  std::vector<Node> all;
  for (const auto& node : state().nodes) all.emplace_back(node);
  return all;
}

LabLink Lab::link(std::string_view a, std::string_view b) const {
  if (auto planned = planned_link(a, b)) return *std::move(planned);
  if (auto later = later_link(a, b)) return *std::move(later);
  throw SetupError{Error::invalid(fmt::format("find the link {} - {}", a, b), "",
                                  "no cable joins the two directly: name neighbours, or a node and its segment")};
}

std::optional<LabLink> Lab::planned_link(std::string_view a, std::string_view b) const {
  for (std::size_t i = 0; i < state().plan.nodes.size(); ++i) {
    const auto& node = state().plan.nodes[i];
    if (node.name != a) continue;
    for (const auto& interface : node.interfaces) {
      if (interface.is_bridge) continue;
      const auto& peer = state().plan.nodes[interface.peer_node];
      const bool is_bridge_port = peer.interfaces[interface.peer_interface].master.has_value();
      if (peer.name != b && !(is_bridge_port && interface.segment == b)) continue;
      return LabLink{{Node{state().nodes[i]}, interface.name},
                     {Node{state().nodes[interface.peer_node]}, peer.interfaces[interface.peer_interface].name}};
    }
  }
  return std::nullopt;
}

// Made by connect(), or by a program.
std::optional<LabLink> Lab::later_link(std::string_view a, std::string_view b) const {
  const auto node = std::ranges::find(state().nodes, a, [](const auto& state) { return state->plan.name; });
  if (node == state().nodes.end()) return std::nullopt;
  const Node here{*node};
  const auto links = here.netlink(
      [](netlink::Socket& socket) { return value_or_throw(netlink::dump_links(socket, {.kind = "veth"})); });
  for (const auto& link : links) {
    if (here.plan().find(link.name.view()) != nullptr) continue;
    const auto peer = find_peer(here, link.name);
    if (peer && peer->node.name() == b) return LabLink{{here, link.name}, *peer};
  }
  return std::nullopt;
}

namespace {

void remove_quietly(const Node& node, const InterfaceName& interface) {
  try {
    node.remove_link(interface.view());
  } catch (const SetupError&) {  // NOLINT(bugprone-empty-catch): what failed before is the reason, and is being told
  }
}

}  // namespace

LabLink Lab::connect(const Node& a, std::string_view interface_a, const Node& b, std::string_view interface_b) const {
  netlink::LinkSpec near{.name = value_or_throw(InterfaceName::parse(interface_a))};
  near.up = true;
  netlink::LinkSpec far{.name = value_or_throw(InterfaceName::parse(interface_b))};
  far.netns = b.network().fd();
  a.add_link(near, netlink::Veth{.peer = far});
  ScopeExit unplug{[&] { remove_quietly(a, near.name); }};
  b.set_link_up(interface_b);
  a.set_link_up(interface_a);  // was set up first: makes the kernel notice the carrier now
  unplug.dismiss();
  return LabLink{{a, near.name}, {b, far.name}};
}

LabLink::End Lab::peer_of(const Node& node, std::string_view interface) const {
  return value_or_throw(find_peer(node, value_or_throw(InterfaceName::parse(interface))));
}

// One node's turn at a time: whoever waits for a second one while it holds the first may wait for ever.
Result<LabLink::End> Lab::find_peer(const Node& node, const InterfaceName& name) const {
  std::vector<int> networks;  // without their turns: what the nodes of a lab that lives are made of does not change
  for (const auto& candidate : state().nodes) networks.push_back(candidate->network->fd());
  if (std::ranges::none_of(state().nodes, [&](const auto& own) { return Node{own} == node; }))
    return fail(Error::invalid("find the peer of " + name.to_string(), node.name(), "the node is of another lab"));
  const auto far = NETRIG_TRY(
      node.netlink([&](netlink::Socket& home) { return netlink::find_far_end(home, {.name = name}, networks); }));
  const Node there = far.where ? Node{state().nodes[*far.where]} : node;
  const auto link = NETRIG_TRY(
      there.netlink([&](netlink::Socket& socket) { return netlink::get_link(socket, {.index = far.index}); }));
  return LabLink::End{there, link.name};
}

const Plan& Lab::plan() const { return state().plan; }
const std::string& Lab::description() const { return state().description; }
std::chrono::nanoseconds Lab::setup_time() const { return state().setup_time; }

}  // namespace topology
}  // namespace netrig
