#include <netrig/base/signal_name.h>

#include <gtest/gtest.h>

#include <csignal>

namespace netrig {
namespace {

TEST(SignalName, IsGivenWithTheNumberWhereThereIsOne) {
  EXPECT_EQ(describe_signal(SIGKILL), "signal 9 (SIGKILL)");
  EXPECT_EQ(describe_signal(40), "signal 40");
}

}  // namespace
}  // namespace netrig
