// What every fault test starts from.
#pragma once

#include <netrig/sandbox/probe.h>
#include <netrig/suites/teardown/fault_table.h>
#include <netrig/suites/teardown/victim.h>
#include <netrig/testing/skip.h>

#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>
#include <string_view>

namespace netrig::teardown {

/// Skips, with the reason, on a host that permits no sandbox.
class TeardownTest : public testing::Test {
 protected:
  void SetUp() override { NETRIG_NEEDS_PERMITTED_SANDBOX(); }
  void TearDown() override {
    if (table_.runs() > 0) table_.record();
  }

  FaultTable table_;  ///< of what the test made happen; printed and recorded at its end
};

/// Raw wait statuses, as wait(2) gives them.
constexpr int exited(int status) { return status << 8; }
constexpr int killed_by(int signal) { return signal; }

}  // namespace netrig::teardown
