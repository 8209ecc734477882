#include <netrig/sandbox/explain.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>

namespace netrig::sandbox {
namespace {

using testing::HasSubstr;

TEST(ExplainRefusal, NamesTheSeccompProfileOfAContainer) {
  HostFacts facts;
  facts.seccomp_filtered = true;
  const Explanation said = explain({Step::user_namespace, EPERM}, facts);
  EXPECT_EQ(said.cause, "the container's seccomp profile forbids user namespaces");
  EXPECT_EQ(said.remedy,
            "docker run --security-opt seccomp=unconfined --security-opt systempaths=unconfined --security-opt "
            "apparmor=unconfined (podman: --security-opt unmask=ALL)");
}

TEST(ExplainRefusal, PrefersTheDebianSwitchToAFilterThatMayBeHarmless) {
  HostFacts facts;
  facts.seccomp_filtered = true;
  facts.unprivileged_userns_clone = 0;
  EXPECT_EQ(explain({Step::user_namespace, EPERM}, facts).remedy, "sudo sysctl -w kernel.unprivileged_userns_clone=1");
}

TEST(ExplainRefusal, NamesAppArmorWhereverItBites) {
  HostFacts facts;
  facts.apparmor_restricts_userns = 1;
  facts.program = "/build/office_test";
  for (const Failure& failure :
       {Failure{Step::id_maps, EACCES}, Failure{Step::id_maps, EPERM}, Failure{Step::private_mounts, EACCES},
        Failure{Step::loopback, EPERM}, Failure{Step::user_namespace, EACCES}, Failure{Step::net_namespace, EPERM}}) {
    const Explanation said = explain(failure, facts);
    EXPECT_THAT(said.cause, HasSubstr("apparmor_restrict_unprivileged_userns is 1")) << name_of(failure.step);
    EXPECT_EQ(
        said.remedy,
        "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile with `userns,` for "
        "/build/office_test");
  }
}

TEST(ExplainRefusal, NamesTheProfileThatDeniesMounts) {
  HostFacts facts;
  facts.apparmor_profile = "docker-default";
  facts.apparmor_restricts_userns = 1;
  facts.seccomp_filtered = true;
  const Explanation said = explain({Step::private_mounts, EACCES}, facts);
  EXPECT_EQ(said.cause, "AppArmor profile docker-default denies it");
  EXPECT_THAT(said.remedy, HasSubstr("--security-opt apparmor=unconfined"));
  EXPECT_THAT(explain({Step::private_mounts, EPERM}, facts).cause, HasSubstr("apparmor_restrict"));
  facts.apparmor_profile = "unconfined";
  EXPECT_THAT(explain({Step::private_mounts, EACCES}, facts).cause, HasSubstr("apparmor_restrict"));
}

TEST(ExplainRefusal, KnowsTheLimitOfEveryKindOfNamespace) {
  HostFacts facts;
  facts.max_ipc_namespaces = 0;
  facts.max_uts_namespaces = 0;
  EXPECT_EQ(explain({Step::ipc_namespace, ENOSPC}, facts).cause, "user.max_ipc_namespaces is 0");
  EXPECT_EQ(explain({Step::uts_namespace, ENOSPC}, facts).cause, "user.max_uts_namespaces is 0");
}

TEST(ExplainRefusal, NamesTheLimitThatIsZero) {
  HostFacts facts;
  facts.max_user_namespaces = 100;
  facts.max_net_namespaces = 0;
  const Explanation said = explain({Step::net_namespace, ENOSPC}, facts);
  EXPECT_EQ(said.cause, "user.max_net_namespaces is 0");
  EXPECT_EQ(said.remedy, "sudo sysctl -w user.max_net_namespaces=10000");
}

TEST(ExplainRefusal, PrintsEveryLimitAndTheDepthWhenNoneIsZero) {
  HostFacts facts;
  facts.max_user_namespaces = 1;
  facts.max_pid_namespaces = 2;
  facts.max_mnt_namespaces = 3;
  facts.max_net_namespaces = 4;
  EXPECT_THAT(explain({Step::user_namespace, ENOSPC}, facts).cause,
              HasSubstr("user.max_user_namespaces is 1, user.max_pid_namespaces is 2, user.max_mnt_namespaces is 3, "
                        "user.max_net_namespaces is 4; user and pid namespaces nest at most 32 deep"));
}

TEST(ExplainRefusal, NamesThePathsThatCoverProc) {
  HostFacts facts;
  facts.covered_proc = {"/proc/kcore", "/proc/acpi"};
  const Explanation said = explain({Step::proc, EPERM}, facts);
  EXPECT_THAT(said.cause, HasSubstr("/proc/kcore, /proc/acpi"));
  EXPECT_EQ(said.remedy, "docker run --security-opt systempaths=unconfined (podman: --security-opt unmask=ALL)");
}

TEST(ExplainRefusal, NamesThePathsThatCoverSys) {
  HostFacts facts;
  facts.covered_sys = {"/sys/firmware"};
  EXPECT_THAT(explain({Step::sysfs, EPERM}, facts).cause, HasSubstr("/sys/firmware"));
}

TEST(ExplainRefusal, SaysThatSysctlsCannotBeSet) {
  const Explanation said = explain({Step::sysctl, EROFS}, {});
  EXPECT_EQ(said.cause, "/proc/sys is read-only, so sysctls cannot be set");
  EXPECT_THAT(said.remedy, HasSubstr("systempaths=unconfined"));
}

TEST(ExplainRefusal, NamesTheMissingKernelModule) {
  EXPECT_EQ(explain({Step::veth, EOPNOTSUPP}, {}).remedy, "sudo modprobe veth");
  EXPECT_EQ(explain({Step::nft, EPROTONOSUPPORT}, {}).remedy, "sudo modprobe nf_tables");
}

TEST(ExplainRefusal, KnowsThatAChrootHasNoUserNamespaces) {
  HostFacts facts;
  facts.chrooted = true;
  EXPECT_THAT(explain({Step::user_namespace, EPERM}, facts).cause, HasSubstr("chroot"));
}

TEST(ExplainRefusal, KnowsWhoForbidsEnteringANamespace) {
  HostFacts facts;
  facts.seccomp_filtered = true;
  for (const int error : {EPERM, ENOSYS}) {
    const Explanation said = explain({Step::enter, error}, facts);
    EXPECT_EQ(said.cause, "the container's seccomp profile forbids setns(2)");
    EXPECT_THAT(said.remedy, HasSubstr("--security-opt seccomp=unconfined"));
  }
  EXPECT_THAT(explain({Step::enter, EPERM}, {}).cause, HasSubstr("a security module"));
}

TEST(ExplainRefusal, KnowsWhoKillsAnInit) {
  const Explanation filter = explain({Step::proc, ENODATA, SIGSYS}, {});
  EXPECT_EQ(filter.cause, "a seccomp filter kills whoever makes a system call that it takes to mount a fresh /proc");
  EXPECT_THAT(filter.remedy, HasSubstr("--security-opt seccomp=unconfined"));
  EXPECT_EQ(
      explain({Step::program_fork, ENODATA, SIGSYS}, {}).cause,
      "a seccomp filter kills whoever makes a system call that it takes to fork the test program, and to serve it");
  const Explanation killer = explain({Step::proc, ENODATA, SIGKILL}, {});
  EXPECT_THAT(killer.cause, HasSubstr("out-of-memory killer"));
  EXPECT_THAT(killer.remedy, HasSubstr("--memory"));
  EXPECT_EQ(explain({Step::proc, ENODATA, SIGSEGV}, {}), Explanation{});
}

TEST(ExplainRefusal, ClaimsNothingItDoesNotKnow) {
  EXPECT_EQ(explain({Step::user_namespace, EPERM}, {}), Explanation{});
  EXPECT_EQ(explain({Step::proc, EPERM}, {}), Explanation{});
  EXPECT_EQ(explain({Step::loopback, EIO}, {}), Explanation{});
}

TEST(Tell, ReadsLikeTheStepThatFailed) {
  EXPECT_EQ(tell({Step::proc, EPERM}, {"it is covered", "uncover it"}),
            "no sandbox: mount a fresh /proc: EPERM (Operation not permitted): it is covered; remedy: uncover it "
            "[netrig doctor: proc]");
  EXPECT_EQ(tell({Step::proc, EPERM}, {}),
            "no sandbox: mount a fresh /proc: EPERM (Operation not permitted) [netrig doctor: proc]");
}

TEST(Tell, NamesTheSignalThatKilledAnInit) {
  EXPECT_EQ(tell({Step::proc, ENODATA, SIGSYS}, {"it is forbidden", "permit it"}),
            "no sandbox: mount a fresh /proc: the sandbox's init was killed by signal 31 (SIGSYS): it is forbidden; "
            "remedy: permit it [netrig doctor: proc]");
  EXPECT_EQ(describe_end(ENODATA, 40), "the sandbox's init was killed by signal 40");
  EXPECT_EQ(describe_end(ENODATA, 0), "the sandbox's init ended without a word");
}

TEST(Tell, CitesACheckOfTheDoctorForAStepThatIsNone) {
  EXPECT_THAT(tell({Step::program_fork, EAGAIN}, {}), HasSubstr("[netrig doctor: prepare]"));
}

}  // namespace
}  // namespace netrig::sandbox
