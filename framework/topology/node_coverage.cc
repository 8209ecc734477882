#include <netrig/base/teardown_failure.h>
#include <netrig/topology/lab_state.h>
#include <netrig/topology/node_coverage.h>
#include <netrig/topology/program_coverage.h>

#include <cstdlib>
#include <exception>
#include <utility>

namespace netrig {
inline namespace topology {

namespace {

const char* coverage_file() {
  const char* file = std::getenv("NETRIG_COVERAGE");
  return file == nullptr || *file == '\0' ? nullptr : file;
}

}  // namespace

std::shared_ptr<nft::CoverageRecorder> NodeCoverage::recorder(const Node& node) {
  const std::scoped_lock lock{node.state_->turn};
  return node.state_->coverage;
}

nft::Listing NodeCoverage::listing(const Node& node) {
  const auto nft = node.frontend();
  return nft::Listing::parse(
      value_or_throw(node.run([&] { return nft->list(nft::Handles::show, nft::Counts::hide); })));
}

void NodeCoverage::begin(const Node& node) {
  const std::scoped_lock lock{node.state_->turn};
  auto& state = node.alive();
  if (state.coverage) return;
  auto started = value_or_throw(state.network->run([&] { return nft::CoverageRecorder::start(state.plan.name); }));
  state.coverage = std::make_shared<nft::CoverageRecorder>(std::move(started));
}

void NodeCoverage::begin_if_wanted(const Node& node) {
  if (coverage_file() != nullptr) begin(node);
}

std::optional<nft::Coverage> NodeCoverage::look(const Node& node) {
  const auto recording = recorder(node);
  if (!recording) return std::nullopt;
  return value_or_throw(recording->coverage(listing(node)));
}

// Of rules that are about to change nobody has to know that no packet came while they were being put together.
void NodeCoverage::bank(const Node& node, bool last) {
  const auto recording = recorder(node);
  if (!recording) return;
  const auto seen = value_or_throw(recording->take(listing(node)));
  if (last ? !seen.rules.empty() : seen.unused().size() < seen.rules.size()) add_to_program_coverage(seen);
}

void NodeCoverage::catch_up(const Node& node) {
  if (const auto recording = recorder(node)) recording->catch_up();
}

void NodeCoverage::end(const LabState& lab) noexcept {
  try {
    for (const auto& state : lab.nodes) {
      const Node node{state};
      if (!recorder(node)) continue;
      bank(node, true);
      const std::scoped_lock lock{state->turn};
      state->coverage.reset();
    }
    if (coverage_file() != nullptr) value_or_throw(save_program_coverage(coverage_file()));
  } catch (const std::exception& error) {
    report_teardown_failure(error.what());
  }
}

void Node::record_coverage() const { NodeCoverage::begin(*this); }

nft::Coverage Node::coverage() const {
  if (auto seen = NodeCoverage::look(*this)) return *std::move(seen);
  throw SetupError{
      Error::invalid("tell the coverage of rules", name(), "nobody records it: call record_coverage() first")};
}

}  // namespace topology
}  // namespace netrig
