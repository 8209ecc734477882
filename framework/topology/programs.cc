#include <netrig/base/fault_point.h>
#include <netrig/base/open_files.h>
#include <netrig/base/teardown_failure.h>
#include <netrig/topology/lab_state.h>
#include <netrig/topology/programs.h>

#include <utility>
#include <vector>

namespace netrig {
inline namespace topology {

namespace {

constexpr std::size_t kFilesPerSpace = 16;  // a node's, and the lab's with the first

// The same; an error of what all programs of the lab share names the node whose program needed it.
template <class T>
Result<T> for_node(const NodeState& node, Result<T> result) {
  if (!result && result.error().object.empty()) result.error().object = node.plan.name;
  return result;
}

}  // namespace

void LabPrograms::end() {
  const std::scoped_lock lock{turn_};
  ended_ = true;
  if (!programs_) return;
  if (const auto ended = programs_->end(); !ended) report_teardown_failure(ended.error().message().c_str());
}

// Every node is a name of `ip netns` for every program of the lab.
Result<void> LabPrograms::open_lab() {
  if (programs_) return {};
  fault_point("make-program-space");
  auto programs = NETRIG_TRY(process::Programs::in(NETRIG_TRY(sandbox::ProgramSpace::start())));
  std::vector<process::NamedNetNs> names;
  for (const auto& node : lab_.nodes) names.push_back({node->plan.name, node->network->fd()});
  NETRIG_TRY(process::expose_netns(programs.space(), names));
  programs_.emplace(std::move(programs));
  return {};
}

Result<process::NodeSpace*> LabPrograms::space_of(const NodeState& node) {
  const std::scoped_lock lock{turn_};
  if (ended_) return fail(Error::invalid("run a program", node.plan.name, "its lab has ended"));
  NETRIG_TRY(for_node(node, make_room_for_files(kFilesPerSpace)));
  NETRIG_TRY(for_node(node, open_lab()));
  const auto& name = node.plan.name;
  if (const auto found = spaces_.find(name); found != spaces_.end()) return &found->second;
  fault_point("make-node-space");
  auto space = NETRIG_TRY(
      process::NodeSpace::create(programs_->space(), *node.network, {.name = name, .hosts = lab_.plan.hosts_file()}));
  return &spaces_.emplace(name, std::move(space)).first->second;
}

Result<process::Completed> LabPrograms::run(const NodeState& node, const process::Command& command, Deadline deadline) {
  const auto* space = NETRIG_TRY(space_of(node));
  return for_node(node, programs_->run(*space, command, deadline));
}

Result<process::Process> LabPrograms::start(const NodeState& node, const process::Command& command) {
  const auto* space = NETRIG_TRY(space_of(node));
  return for_node(node, programs_->start(*space, command));
}

Result<process::Process> LabPrograms::start(const NodeState& node, const process::Command& command,
                                            const process::Readiness& ready, Deadline deadline) {
  const auto* space = NETRIG_TRY(space_of(node));
  return for_node(node, programs_->start(*space, command, ready, deadline));
}

}  // namespace topology
}  // namespace netrig
