// Private to the module: what rules do with chosen packets, in many nodes at once.
#pragma once

#include <netrig/base/deadline.h>
#include <netrig/nft/listing.h>
#include <netrig/nft/trace.h>
#include <netrig/topology/node.h>

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace netrig {
inline namespace topology {

/// A trace that runs in some nodes of a lab, from its making to its end. Another one that wants a node of these waits.
/// Throws SetupError where the kernel refuses.
class LabTrace {
 public:
  /// `nodes` are of one lab, in the lab's order. `packets`: see nft::Tracer::start().
  LabTrace(std::vector<Node> nodes, const std::vector<nft::Rule>& packets);
  LabTrace(const LabTrace&) = delete;
  LabTrace& operator=(const LabTrace&) = delete;
  ~LabTrace();

  [[nodiscard]] const std::vector<Node>& nodes() const { return nodes_; }
  /// Takes in what was told since; true when that was something.
  bool collect();
  /// Waits until there is something to collect, or one of `events` on `fd` (unless that is -1), or the deadline.
  void wait(int fd, short events, Deadline deadline) const;
  /// All that was collected in the node of that position.
  [[nodiscard]] const std::vector<nft::TraceEvent>& events(std::size_t node) const { return events_[node]; }
  /// Whether the trace listened in every node, and lost nothing. Collects what is left.
  bool vouch(Deadline deadline);
  /// Where rules at interfaces are not traced, and why the kernel refused: a line a node.
  [[nodiscard]] std::vector<std::string> unseen() const;
  /// Removes the rig's rules; what was collected stays.
  void stop();
  /// Whether the node of that position has tables of iptables-legacy, whose rules are in no trace.
  [[nodiscard]] bool has_legacy_tables(std::size_t node, AddressFamily family) const;
  /// The rules of a node as nft lists them, with handles and without counts. Only after stop().
  [[nodiscard]] const nft::Listing& rules(std::size_t node);

 private:
  [[nodiscard]] nft::TraceScope scope(std::size_t node);
  [[nodiscard]] NodeState& state(std::size_t node) const { return nodes_[node].alive(); }

  std::vector<Node> nodes_;
  std::vector<std::unique_lock<std::mutex>> turns_;
  std::vector<std::shared_ptr<nft::Tracer>> tracers_;
  std::vector<std::vector<nft::TraceEvent>> events_;
  std::vector<std::uint32_t> generations_;  // before the trace began
  std::vector<std::shared_ptr<const nft::Listing>> listings_;
};

/// The nodes of the lab in which a trace can tell something: all but switches without rules.
std::vector<Node> nodes_to_trace(const Node& any);

}  // namespace topology
}  // namespace netrig
