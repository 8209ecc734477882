// The host's network is, byte for byte, what it was before: its links, addresses, routes, rules, sysctls, mounts and
// names.
#include <netrig/base/unique_fd.h>
#include <netrig/suites/teardown/ground.h>
#include <netrig/suites/teardown/host_snapshot.h>
#include <netrig/suites/teardown/teardown_test.h>
#include <netrig/testing/skip.h>

#include <gmock/gmock.h>

#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <linux/nsfs.h>

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

// ---- Rulesets

using testing::HasSubstr;
using testing::Not;

constexpr const char* kRulesets = "nft -a list ruleset";

class HostsRulesTest : public TeardownTest {
 protected:
  void SetUp() override {
    TeardownTest::SetUp();
    if (IsSkipped()) return;
    if (output_of("nft --version").find("nftables") == std::string::npos) NETRIG_SKIP("tool-nft", "needs nft");
  }
};

// capabilities(7), namespaces(7): whether this process may administer the network that it is in, CAP_NET_ADMIN (12) in
// the user namespace that owns it, which may be a rootless container's.
bool administers_the_host() {
  const UniqueFd network{::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)};
  const UniqueFd owner{::ioctl(network.get(), NS_GET_USERNS)};  // EPERM where it is an outer one
  struct stat own{}, owners{};
  unsigned long long effective = 0;
  std::ifstream status{"/proc/self/status"};
  for (std::string word; status >> word;) {
    if (word == "CapEff:") status >> std::hex >> effective;
  }
  return (effective >> 12U & 1U) != 0 && owner.valid() && ::stat("/proc/self/ns/user", &own) == 0 &&
         ::fstat(owner.get(), &owners) == 0 && own.st_ino == owners.st_ino;
}

// On the host itself the comparison is worth something as its root; to everybody else the kernel lists nothing, whose
// comparison is the next test.
TEST_F(HostsRulesTest, AreListedToTheHostsRoot) {
  const auto listed = snapshot_of_the_host().at(kRulesets);
  if (administers_the_host()) {
    EXPECT_THAT(listed, Not(HasSubstr("not permitted")));
  } else {
    EXPECT_THAT(listed, HasSubstr("Operation not permitted"));
  }
}

TEST_F(HostsRulesTest, StayAsTheyWereWhereTheyAreListed) {
  if (output_of("nsenter --version").find("util-linux") == std::string::npos)
    NETRIG_SKIP("tool-nsenter", "needs nsenter");
  EXPECT_TRUE(holds_on_ground([] {
    ASSERT_EQ(output_of("nft 'table inet of-the-host { chain in { type filter hook input priority 0; }; }'"), "");
    const auto before = snapshot_of_the_host();
    ASSERT_THAT(before.at(kRulesets), HasSubstr("table inet of-the-host"));
    Victim victim{{.arguments = {"change-network"}}};
    ASSERT_EQ(victim.letters(1), "T");
    EXPECT_EQ(changes_since(before), "");
    const auto inside = "nsenter --net=/proc/" + std::to_string(victim.program().value()) + "/ns/net " + kRulesets;
    EXPECT_THAT(output_of(inside), AllOf(HasSubstr("of-the-victim"), Not(HasSubstr("of-the-host"))));
    ::kill(victim.supervisor(), SIGKILL);
    EXPECT_TRUE(victim.all_gone());
    EXPECT_EQ(changes_since(before), "");
  }));
}

TEST_F(HostsRulesTest, ShowThoseOfAProgramWithoutASandbox) {
  EXPECT_TRUE(holds_on_ground([] {
    const auto before = snapshot_of_the_host();
    Victim victim{{.arguments = {"add-rules"}, .environment = {"NETRIG_VICTIM_BARE=1"}}};
    ASSERT_EQ(victim.letters(1), "T");
    EXPECT_THAT(changes_since(before), HasSubstr("table inet of-the-victim"));
  }));
}

}  // namespace
}  // namespace netrig::teardown
