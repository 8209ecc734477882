// Private to the module: the recorders of nodes, and when they must be asked.
#pragma once

#include <netrig/topology/node.h>

#include <memory>
#include <optional>

namespace netrig {
inline namespace topology {

struct LabState;

class NodeCoverage {
 public:
  /// Starts recording, unless that runs already. Throws SetupError.
  static void begin(const Node& node);
  /// The same where NETRIG_COVERAGE is set.
  static void begin_if_wanted(const Node& node);
  /// What was recorded, if that runs.
  [[nodiscard]] static std::optional<nft::Coverage> look(const Node& node);
  /// Adds what is new to the program's (program_coverage.h), if recording runs; at last also where nothing was hit.
  static void bank(const Node& node, bool last);
  /// Returns when everything until now is counted, if recording runs.
  static void catch_up(const Node& node);
  /// Banks for all nodes, ends their recorders, and writes the file that NETRIG_COVERAGE names. What fails is
  /// told (base/teardown_failure.h).
  static void end(const LabState& lab) noexcept;

 private:
  static std::shared_ptr<nft::CoverageRecorder> recorder(const Node& node);
  static nft::Listing listing(const Node& node);
};

/// Around a change of a node's rules, so that what packets met before is not taken for what they meet after.
class RulesChange {
 public:
  explicit RulesChange(const Node& node) : node_{node} {
    NodeCoverage::begin_if_wanted(node_);
    NodeCoverage::bank(node_, false);
  }
  RulesChange(const RulesChange&) = delete;
  RulesChange& operator=(const RulesChange&) = delete;
  ~RulesChange() { NodeCoverage::catch_up(node_); }

 private:
  const Node& node_;
};

}  // namespace topology
}  // namespace netrig
