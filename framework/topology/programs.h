// Private to the module: the programs of one lab, whose space is made when the first of them is started.
#pragma once

#include <netrig/process/node_space.h>
#include <netrig/process/programs.h>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace netrig {
inline namespace topology {

struct LabState;
struct NodeState;

class LabPrograms {
 public:
  explicit LabPrograms(LabState& lab) : lab_{lab} {}

  /// Ends every program; none can be started any more. The lab is not used after it. What went wrong is
  /// told (base/teardown_failure.h).
  void end();

  Result<process::Completed> run(const NodeState& node, const process::Command& command, Deadline deadline);
  Result<process::Process> start(const NodeState& node, const process::Command& command);
  Result<process::Process> start(const NodeState& node, const process::Command& command,
                                 const process::Readiness& ready, Deadline deadline);

 private:
  /// The node's space, made with the lab's at the first use. Stays valid as long as this object.
  Result<process::NodeSpace*> space_of(const NodeState& node);
  Result<void> open_lab();

  LabState& lab_;
  std::mutex turn_;  ///< of making spaces; programs themselves start side by side
  bool ended_ = false;
  std::map<std::string, process::NodeSpace> spaces_;
  std::optional<process::Programs> programs_;  ///< ends before the spaces go
};

}  // namespace topology
}  // namespace netrig
