// The host's network is, byte for byte, what it was before: its links, addresses, routes, rules, sysctls, mounts and
// names.
#include <netrig/suites/teardown/host_snapshot.h>
#include <netrig/suites/teardown/teardown_test.h>
#include <netrig/testing/skip.h>

#include <csignal>
#include <fcntl.h>

namespace netrig::teardown {
namespace {

class HostUntouchedTest : public TeardownTest {
 protected:
  void SetUp() override {
    TeardownTest::SetUp();
    if (IsSkipped()) return;
    if (output_of("ip -V").find("iproute2") == std::string::npos) NETRIG_SKIP("tool-ip", "needs ip (iproute2)");
    before_ = snapshot_of_the_host();
    ASSERT_GT(before_.size(), 100U);  // there is something to compare
  }
  void expect_untouched() const { EXPECT_EQ(changes_since(before_), ""); }

  HostSnapshot before_;
};

TEST_F(HostUntouchedTest, WhileASandboxChangesItsOwnNetworkAndAfterItsEnd) {
  Victim victim{{.arguments = {"change-network"}}};
  ASSERT_EQ(victim.letters(1), "T");
  expect_untouched();
  ::kill(victim.supervisor(), SIGTERM);
  EXPECT_EQ(victim.wait_supervisor(), killed_by(SIGTERM));
  EXPECT_TRUE(victim.all_gone_already());
  expect_untouched();
}

TEST_F(HostUntouchedTest, AfterEachProcessOfASandboxWasKilled) {
  const UniqueFd silence{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
  for (int role = 0; role < 3; ++role) {
    Victim victim{{.arguments = {"change-network"}, .output = silence.get()}};
    ASSERT_EQ(victim.letters(1), "T");
    const pid_t roles[] = {victim.supervisor(), victim.init().value(), victim.program().value()};
    ::kill(roles[role], SIGKILL);
    EXPECT_TRUE(victim.all_gone());
  }
  expect_untouched();
}

TEST_F(HostUntouchedTest, WithoutAPidNamespace) {
  Victim victim{{.arguments = {"change-network"}, .environment = {"NETRIG_SANDBOX=no-pid"}}};
  ASSERT_EQ(victim.letters(1), "T");
  expect_untouched();
  ::kill(victim.supervisor(), SIGKILL);
  EXPECT_TRUE(victim.all_gone());
  expect_untouched();
}

}  // namespace
}  // namespace netrig::teardown
