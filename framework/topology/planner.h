// Private to the module: the steps from a Topology to a Plan, each a function over one working state.
#pragma once

#include <netrig/topology/plan.h>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace netrig {
inline namespace topology {

/// Where a planned interface stands: node and interface, by position.
struct InterfaceRef {
  std::size_t node = 0;
  std::size_t interface = 0;
  friend auto operator<=>(const InterfaceRef&, const InterfaceRef&) = default;
};

/// What the wiring made of a segment.
struct WiredSegment {
  std::vector<InterfaceRef> members;   ///< in the order of SegmentSpec::members
  std::optional<InterfaceRef> bridge;  ///< when it has one
  std::size_t domain = 0;              ///< the broadcast domain; trunks join several segments into one
};

struct Planner {
  explicit Planner(const Topology& from) : topology{from} {}

  const Topology& topology;
  Plan plan;
  std::vector<Error> problems;
  std::vector<WiredSegment> segments;  ///< beside topology.segments()

  /// Notes a problem with `object`; planning goes on so that all problems are told at once.
  void problem(std::string operation, std::string object, std::string reason) {
    problems.push_back(Error::invalid(std::move(operation), std::move(object), std::move(reason)));
  }
  PlannedInterface& at(InterfaceRef ref) { return plan.nodes[ref.node].interfaces[ref.interface]; }
  [[nodiscard]] std::size_t node_index(std::string_view name) const;
  /// A bridge unless it is exactly two ends, which a plain veth pair joins.
  [[nodiscard]] bool has_bridge(const SegmentSpec& segment) const;

  void check_specs();       ///< names, references, numbers: whatever needs no plan (validate.cc)
  void wire();              ///< namespaces, interfaces, bridges, cables (wiring.cc)
  void allocate();          ///< addresses (addressing.cc)
  void check_addresses();   ///< duplicates, overlaps, reserved ones (check_addresses.cc)
  void add_routes();        ///< the routes said, then those that follow (routing.cc)
  void add_translations();  ///< masquerade and port forwarding (routing.cc)
};

}  // namespace topology
}  // namespace netrig
