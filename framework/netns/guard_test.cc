#include <netrig/netns/guard.h>
#include <netrig/netns/sysctl.h>
#include <netrig/netns/test_support.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <sched.h>

namespace netrig::netns {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(Guard, TheSandboxIsNoInitialUserNamespace) { EXPECT_EQ(in_initial_user_namespace(), false); }

TEST(Guard, WhatIsMadeInsideIsOurs) {
  const auto made = value_or_throw(NetNs::create());
  EXPECT_EQ(is_ours(made.fd()), true);
  EXPECT_TRUE(require_ours(made, "configure it"));
}

TEST(Guard, WhatAChildProcessMakesIsOursToo) {
  const WaitingChild child{[] { unshare(CLONE_NEWNET); }};
  const auto found = value_or_throw(NetNs::of_process(child.pid()));
  EXPECT_FALSE(found.made_here());
  EXPECT_EQ(is_ours(found.fd()), true);
}

TEST(Guard, WhatAUserNamespaceAboveMadeIsNotOurs) {
  const auto outcome = in_a_lower_user_namespace([]() -> std::string {
    const auto outer = NetNs::current();
    return require_ours(*outer, "set net.ipv4.ip_forward to 1").error().message();
  });
  EXPECT_THAT(outcome, StartsWith("set net.ipv4.ip_forward to 1 in \"net:["));
  EXPECT_THAT(outcome,
              HasSubstr("EPERM (Operation not permitted): Netrig configures only network namespaces made inside"));
}

TEST(Guard, SettingsOfANamespaceAboveAreNotWritten) {
  const auto outcome = in_a_lower_user_namespace(
      []() -> std::string { return Sysctls::here().set("net.ipv4.ip_default_ttl", "64").error().message(); });
  EXPECT_THAT(outcome, HasSubstr("Netrig configures only network namespaces made inside its sandbox"));
}

TEST(Guard, AFileThatIsNoNamespaceIsAnError) { EXPECT_EQ(is_ours(-1).error().code, EBADF); }

}  // namespace
}  // namespace netrig::netns
