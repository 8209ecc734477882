// A network that runs: built from a Topology completely or not at all, gone without residue when the Lab goes.
//
//   Lab lab{office};                                 // throws SetupError with the one reason when it cannot be built
//   lab["pc"].ping(lab["server"]);
//   {
//     auto cut = lab.link(pc, gw).down();            // unplugged ...
//   }                                                // ... and plugged in again, with the addresses and routes it had
//
// Everything is held by descriptors of this process: the kernel removes what is left if the process dies.
#pragma once

#include <netrig/base/result.h>
#include <netrig/topology/node.h>
#include <netrig/topology/plan.h>
#include <netrig/topology/topology.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace netrig {
inline namespace topology {

struct LabState;

class CableCuts;

/// Keeps a link down; brings it up again, with the addresses and routes that the kernel dropped, when it goes. Of
/// several cuts of one cable, the last to go does. One that outlives its lab has nothing left to do. Move-only.
class LinkCut {
 public:
  LinkCut(LinkCut&&) noexcept;
  /// Lets go of the cut that it was before.
  LinkCut& operator=(LinkCut&&) noexcept;
  ~LinkCut();
  /// Lets go of the cut now. Throws SetupError when the kernel refuses to bring the link up, or to give back what it
  /// had, and when the lab has ended: the cut is held on to then, and may be let go of again.
  void restore();

 private:
  friend class LabLink;
  explicit LinkCut(std::shared_ptr<CableCuts> cable);
  std::shared_ptr<CableCuts> cable_;
};

/// A cable of a lab: the veth pair between two interfaces.
class LabLink {
 public:
  /// One end: the node and the name of its interface there.
  struct End {
    Node node;
    InterfaceName interface;
  };
  LabLink(End a, End b) : a_{std::move(a)}, b_{std::move(b)} {}
  [[nodiscard]] const End& a() const { return a_; }
  [[nodiscard]] const End& b() const { return b_; }
  /// `pc:eth0 - gw:eth1`
  [[nodiscard]] std::string to_string() const;
  /// Unplugs it: both ends are set down until the LinkCut goes. Throws SetupError, and leaves both as they were, when
  /// the kernel refuses.
  [[nodiscard]] LinkCut down() const;

 private:
  End a_, b_;
};

/// A running network. Move-only. It may end in another thread than it was made in, and while others use its nodes,
/// their programs and listeners: those get errors that say so. One that was moved from throws SetupError.
class Lab {
 public:
  /// Builds `topology`. Throws SetupError; nothing is left then. Needs the sandbox (sandbox::inside()).
  explicit Lab(const Topology& topology);
  static Result<Lab> build(const Topology& topology);
  Lab(Lab&&) noexcept;
  Lab& operator=(Lab&&) noexcept;
  /// Ends every program of the lab and closes its listeners, then lets go of its namespaces. Blocks until the programs
  /// are gone. Probes and functions that run in a node at this moment go on; their network ends with the last of them.
  ~Lab();

  /// The node of that name (also a switch, by its segment's name). Throws SetupError naming the nodes there are.
  [[nodiscard]] Node operator[](std::string_view name) const;
  [[nodiscard]] Node operator[](const NodeRef& node) const { return (*this)[node.name()]; }
  /// All nodes in the order of the topology, switches last.
  [[nodiscard]] std::vector<Node> nodes() const;

  /// The first cable between two nodes, or between a node and the bridge of a segment: those of the topology, then
  /// those made since. Throws when there is none.
  [[nodiscard]] LabLink link(std::string_view a, std::string_view b) const;
  [[nodiscard]] LabLink link(const NodeRef& a, const NodeRef& b) const { return link(a.name(), b.name()); }
  /// Plugs a new cable in while the lab runs: a veth pair, up at both ends, without addresses. Throws SetupError when a
  /// name is taken.
  LabLink connect(const Node& a, std::string_view interface_a, const Node& b, std::string_view interface_b) const;
  /// Where the other end of a node's interface is, found through the kernel across all nodes (`if${N}` of `ip link`).
  [[nodiscard]] LabLink::End peer_of(const Node& node, std::string_view interface) const;

  [[nodiscard]] const Plan& plan() const;
  /// One line about the network: Topology::describe().
  [[nodiscard]] const std::string& description() const;
  /// From the start of building to a network in which packets flow.
  [[nodiscard]] std::chrono::nanoseconds setup_time() const;

 private:
  explicit Lab(std::shared_ptr<LabState> state);
  [[nodiscard]] LabState& state() const;
  [[nodiscard]] std::optional<LabLink> planned_link(std::string_view a, std::string_view b) const;
  [[nodiscard]] std::optional<LabLink> later_link(std::string_view a, std::string_view b) const;
  [[nodiscard]] Result<LabLink::End> find_peer(const Node& node, const InterfaceName& name) const;
  std::shared_ptr<LabState> state_;
};

}  // namespace topology
}  // namespace netrig
