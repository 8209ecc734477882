#include <netrig/topology/plan.h>
#include <netrig/topology/planner.h>

#include <fmt/format.h>

#include <algorithm>

namespace netrig {
inline namespace topology {

const PlannedInterface* PlannedNode::find(std::string_view interface) const {
  const auto found =
      std::ranges::find_if(interfaces, [&](const auto& candidate) { return candidate.name.view() == interface; });
  return found == interfaces.end() ? nullptr : &*found;
}

const PlannedInterface* PlannedNode::on(std::string_view segment_or_interface) const {
  if (const auto* by_name = find(segment_or_interface)) return by_name;
  const auto carries = [&](const auto& candidate) {
    return candidate.segment == segment_or_interface && !candidate.master;
  };
  const auto found = std::ranges::find_if(interfaces, carries);
  return found == interfaces.end() ? nullptr : &*found;
}

std::optional<IpAddress> PlannedNode::address(AddressFamily family) const {
  for (const auto& interface : interfaces) {
    for (const auto& own : interface.addresses) {
      if (own.address().family() == family) return own.address();
    }
  }
  return std::nullopt;
}

const PlannedNode* Plan::find(std::string_view name) const {
  const auto found = std::ranges::find(nodes, name, &PlannedNode::name);
  return found == nodes.end() ? nullptr : &*found;
}

std::string Plan::hosts_file() const {
  std::string text = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n";
  for (const auto& node : nodes) {
    for (const auto& interface : node.interfaces) {
      for (const auto& own : interface.addresses) text += fmt::format("{} {}\n", own.address().to_string(), node.name);
    }
  }
  return text;
}

std::size_t Planner::node_index(std::string_view name) const {
  const auto found = std::ranges::find(plan.nodes, name, &PlannedNode::name);
  return static_cast<std::size_t>(found - plan.nodes.begin());
}

bool Planner::has_bridge(const SegmentSpec& segment) const {
  const auto trunked = [&](const TrunkSpec& trunk) { return trunk.a == segment.name || trunk.b == segment.name; };
  return segment.bridged || segment.members.size() != 2 || std::ranges::any_of(topology.trunks(), trunked);
}

namespace {

Planner planned(const Topology& topology) {
  Planner planner{topology};
  planner.problems = topology.problems();
  planner.check_specs();
  if (!planner.problems.empty()) return planner;  // what follows relies on every reference being good
  planner.wire();
  planner.allocate();
  planner.check_addresses();
  planner.add_routes();
  planner.add_translations();
  return planner;
}

}  // namespace

Result<Plan> make_plan(const Topology& topology) {
  auto planner = planned(topology);
  if (planner.problems.empty()) return std::move(planner.plan);
  Error first = planner.problems.front();
  for (std::size_t i = 1; i < planner.problems.size(); ++i)
    first.detail += "\n  also: " + planner.problems[i].message();
  return fail(std::move(first));
}

std::vector<Error> validate(const Topology& topology) { return planned(topology).problems; }

}  // namespace topology
}  // namespace netrig
