// A host, or a container, that lets nothing under /proc/sys and /sys be written: what works works, and what cannot says
// so. A program of its own, since a process looks at what its host permits once.
#include <netrig/fixtures/lab_test.h>
#include <netrig/netns/baseline.h>
#include <netrig/suites/kernel_failures/everything.h>

#include <gmock/gmock.h>

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/mount.h>

namespace netrig::kernel_failures {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const auto kTellsRemedy =
    AllOf(HasSubstr("EROFS (Read-only file system)"),
          HasSubstr("/proc/sys is read-only: start the container with --security-opt systempaths=unconfined"));

class ReadOnlyHostTest : public LabTest {
 protected:
  void SetUp() override {
    LabTest::SetUp();
    if (IsSkipped()) return;
    static const bool read_only = make_read_only("/proc/sys") && make_read_only("/sys");
    ASSERT_TRUE(read_only);
    const auto left = hosts_.host("left"), right = hosts_.host("right");
    hosts_.link(left, right, "10.0.0.0/24, fd00::/64");
  }

  // With all that is mounted below.
  static bool make_read_only(const char* path) {
    mount_attr read_only{};
    read_only.attr_set = MOUNT_ATTR_RDONLY;
    return ::mount(path, path, nullptr, MS_BIND | MS_REC, nullptr) == 0 &&
           ::mount_setattr(AT_FDCWD, path, AT_RECURSIVE, &read_only, sizeof read_only) == 0;
  }

  Topology hosts_;
};

TEST_F(ReadOnlyHostTest, HostsWorkWithTheSettingsThatThereAre) {
  const Lab lab{hosts_};
  EXPECT_EQ(lab["left"].ping(lab["right"]).received(), 3U);
  EXPECT_EQ(lab["left"].ping(lab["right"], AddressFamily::ipv6).received(), 3U);
  EXPECT_EQ(lab["left"].exec({"cat", "/sys/class/net/eth0/mtu"}).out, "1500\n");
  const auto* baseline = netns::Baseline::of_this_host().value();
  EXPECT_TRUE(baseline->difference().empty());
  for (const auto& setting : baseline->unsettable()) {
    // Some are not there, or nobody's to write, whatever is mounted how.
    if (!setting.why.contains("EROFS")) continue;
    EXPECT_THAT(setting.why, kTellsRemedy);
  }
}

TEST_F(ReadOnlyHostTest, RoutersCannotBeHad) {
  const auto lab = Lab::build(everything());
  ASSERT_FALSE(lab);
  EXPECT_THAT(lab.error().message(),
              AllOf(HasSubstr("set net.ipv4.ip_forward to \"1\" in \"gateway\": "), kTellsRemedy));
}

TEST_F(ReadOnlyHostTest, SettingsOfANodeCannotBeChanged) {
  const Lab lab{hosts_};
  try {
    lab["left"].set_sysctl("net.ipv4.ip_default_ttl", "9");
    FAIL() << "was set";
  } catch (const SetupError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("set net.ipv4.ip_default_ttl to \"9\" in \"left\": "), kTellsRemedy));
  }
}

}  // namespace
}  // namespace netrig::kernel_failures
