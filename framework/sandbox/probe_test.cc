#include <netrig/sandbox/probe.h>
#include <netrig/sandbox/sandbox.h>
#include <netrig/testing/skip.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <sstream>
#include <sys/prctl.h>
#include <thread>
#include <unistd.h>

namespace netrig::sandbox {
namespace {

using testing::HasSubstr;

std::string print(const ProbeStep& step) {
  std::ostringstream out;
  out << step;
  return out.str();
}

TEST(Probe, PassesEveryStepWhereASandboxWorks) {
  NETRIG_NEEDS_SANDBOX();
  const ProbeReport report = probe();
  for (const ProbeStep& step : report.steps) EXPECT_EQ(step.outcome, Outcome::ok) << step;
  EXPECT_TRUE(report.ok());
  for (const char* name : {"user-namespace", "net-namespace", "id-maps", "proc", "sysfs", "loopback", "veth", "nft"}) {
    EXPECT_NE(std::ranges::find(report.steps, name, &ProbeStep::name), report.steps.end()) << name;
  }
}

TEST(Probe, MayBeAskedInAnyThread) {
  NETRIG_NEEDS_SANDBOX();
  ProbeReport report;
  std::thread{[&] { report = probe(); }}.join();
  EXPECT_TRUE(report.ok());
}

// The limits of a user namespace can be written by its root: a host that forbids, made inside the sandbox.
TEST(Probe, NamesTheStepThatTheHostForbids) {
  NETRIG_NEEDS_SANDBOX();
  {
    std::ofstream limit{"/proc/sys/user/max_net_namespaces"};
    limit << 0 << std::flush;
    if (!limit) NETRIG_SKIP("user-limits", "user.max_net_namespaces is not writable here");
  }
  const ProbeReport report = probe();
  std::ofstream{"/proc/sys/user/max_net_namespaces"} << 10000;
  ASSERT_NE(report.failed(), nullptr);
  EXPECT_EQ(report.failed()->name, "net-namespace");
  EXPECT_EQ(report.failed()->error, ENOSPC);
  EXPECT_EQ(report.failed()->cause, "user.max_net_namespaces is 0");
  EXPECT_EQ(report.failed()->remedy, "sudo sysctl -w user.max_net_namespaces=10000");
  EXPECT_EQ(report.steps.front().outcome, Outcome::ok);
  EXPECT_EQ(report.steps.back().outcome, Outcome::skipped);
  EXPECT_EQ(report.steps.back().cause, "not tried after net-namespace");
}

TEST(ProbeStep, PrintsAsADoctorWould) {
  EXPECT_EQ(print({"proc", "mount a fresh /proc", Outcome::ok, 0, "", ""}), "ok    proc            ");
  EXPECT_EQ(print({"proc", "mount a fresh /proc", Outcome::failed, EPERM, "it is covered", "uncover it"}),
            "FAIL  proc              mount a fresh /proc: EPERM (Operation not permitted): it is covered\n"
            "      remedy: uncover it");
  EXPECT_EQ(print({"proc", "mount a fresh /proc", Outcome::failed, ENODATA, "", "", SIGSYS}),
            "FAIL  proc              mount a fresh /proc: the sandbox's init was killed by signal 31 (SIGSYS)");
  EXPECT_EQ(print({"nft", "make an nftables table", Outcome::skipped, 0, "not tried after proc", ""}),
            "skip  nft               not tried after proc");
}

}  // namespace
}  // namespace netrig::sandbox
