#include <netrig/sandbox/host_facts.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netrig::sandbox {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// As Docker mounts it.
constexpr const char* kDocker =
    "810 700 0:55 / / rw,relatime master:1 - overlay overlay rw,lowerdir=/var/lib\n"
    "811 810 0:58 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw\n"
    "815 810 0:61 / /sys ro,nosuid,nodev,noexec,relatime - sysfs sysfs ro\n"
    "816 815 0:30 / /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 cgroup rw\n"
    "701 811 0:58 /sys /proc/sys ro,nosuid,nodev,noexec,relatime - proc proc rw\n"
    "704 811 0:64 / /proc/acpi ro,relatime - tmpfs tmpfs ro\n"
    "705 811 0:59 /null /proc/kcore rw,nosuid - tmpfs tmpfs rw,size=65536k\n"
    "709 815 0:66 / /sys/firmware ro,relatime - tmpfs tmpfs ro\n";

constexpr const char* kPlainHost =
    "22 27 0:21 / /proc rw,relatime shared:5 - proc proc rw\n"
    "23 27 0:22 / /sys rw,relatime shared:2 - sysfs sysfs rw\n"
    "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n"
    "33 23 0:7 / /sys/kernel/debug rw - debugfs debugfs rw\n"
    "34 22 0:33 / /proc/sys/fs/binfmt_misc rw,relatime shared:8 - autofs systemd-1 rw\n"
    "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n";

TEST(CoveredPaths, NamesWhatAContainerHides) {
  EXPECT_THAT(covered_paths(kDocker, "/proc"), ElementsAre("/proc/sys", "/proc/acpi", "/proc/kcore"));
  EXPECT_THAT(covered_paths(kDocker, "/sys"), ElementsAre("/sys/firmware"));
}

TEST(CoveredPaths, AreNoneOnAPlainHost) {
  EXPECT_THAT(covered_paths(kPlainHost, "/proc"), IsEmpty());
  EXPECT_THAT(covered_paths(kPlainHost, "/sys"), IsEmpty());
}

TEST(CoveredPaths, SkipsLinesThatAreNoMounts) { EXPECT_THAT(covered_paths("\nnonsense\n1 2 3\n", "/proc"), IsEmpty()); }

TEST(HasRootMount, IsFalseInAChroot) {
  EXPECT_TRUE(has_root_mount(kPlainHost));
  EXPECT_FALSE(has_root_mount("22 27 0:21 / /proc rw,relatime - proc proc rw\n"));
}

TEST(EnforcedProfile, IsItsNameAndNoneThatOnlyComplains) {
  EXPECT_EQ(enforced_profile("docker-default (enforce)\n"), "docker-default");
  EXPECT_EQ(enforced_profile("unconfined\n"), "unconfined");
  EXPECT_EQ(enforced_profile("snap.lxd.daemon (complain)\n"), "");
  EXPECT_EQ(enforced_profile(""), "");
}

TEST(ReadHostFacts, KnowsTheProgramAndTheLimits) {
  const HostFacts facts = read_host_facts();
  EXPECT_THAT(facts.program, testing::HasSubstr("netrig_sandbox_test"));
  EXPECT_TRUE(facts.max_net_namespaces.has_value());
}

}  // namespace
}  // namespace netrig::sandbox
