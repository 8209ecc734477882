// For the module's tests: a lab of bare nodes, each with a dummy-free network of its own (`lo` only, or a veth).
#pragma once

#include <netrig/process/node_space.h>
#include <netrig/process/programs.h>
#include <netrig/sandbox/sandbox.h>
#include <netrig/testing/skip.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>

namespace netrig::process {

/// Long enough for a slow machine under a sanitizer; no test waits for it to pass.
inline Deadline soon() { return Deadline::after(std::chrono::seconds{60}); }

/// One lab with a node "server"; skips, with the reason, where there is no sandbox.
class LabOfOneNode : public testing::Test {
 protected:
  void SetUp() override {
    NETRIG_NEEDS_SANDBOX();
    programs_.emplace(value_or_throw(Programs::in(value_or_throw(sandbox::ProgramSpace::start()))));
    network_.emplace(value_or_throw(netns::NetNs::create()));
    node_.emplace(make_node("server", *network_));
  }

  NodeSpace make_node(std::string name, const netns::NetNs& network) {
    return value_or_throw(NodeSpace::create(programs_->space(), network, {.name = std::move(name)}));
  }
  Result<Completed> try_run(const Command& command) { return programs_->run(*node_, command, soon()); }
  Completed run(const Command& command) { return value_or_throw(try_run(command)); }
  /// What `script` prints; it must succeed.
  std::string output_of(const std::string& script) {
    auto done = run(sh(script));
    EXPECT_TRUE(done.success()) << done;
    return done.out;
  }
  Process start(const Command& command) { return value_or_throw(programs_->start(*node_, command)); }

  std::optional<netns::NetNs> network_;
  std::optional<NodeSpace> node_;
  std::optional<Programs> programs_;
};

}  // namespace netrig::process
