// SandboxEntry runs this twice: linked with GoogleTest's own main, and with Netrig's, which enters a sandbox first.
#include <gtest/gtest.h>

#include <unistd.h>

namespace {

constexpr int kTold = 3;  // standard output is GoogleTest's

TEST(FirstLine, IsReached) { ASSERT_EQ(write(kTold, "1", 1), 1); }

}  // namespace
