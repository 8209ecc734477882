#include <netrig/netns/list.h>
#include <netrig/netns/test_support.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <linux/capability.h>

namespace netrig::netns {
namespace {

using ::testing::Contains;
using ::testing::Not;

std::vector<NetNsProcess> processes_of(const NetNsList& found, const NetNsId& id) {
  const auto use = std::ranges::find(found.namespaces, id, &NetNsUse::id);
  return use == found.namespaces.end() ? std::vector<NetNsProcess>{} : use->processes;
}

TEST(NetNsList, HasEachNamespaceOnceWithItsProcesses) {
  const auto enter = [] {
    unshare(CLONE_NEWNET);
    prctl(PR_SET_NAME, "stray");
  };
  const WaitingChild one{enter}, two{[] { prctl(PR_SET_NAME, "here"); }};
  const auto found = value_or_throw(list());
  EXPECT_THAT(processes_of(found, NetNs::of_process(one.pid())->id()), Contains(NetNsProcess{one.pid(), "stray"}));
  const auto here = processes_of(found, NetNs::current()->id());
  EXPECT_THAT(here, Contains(NetNsProcess{two.pid(), "here"}));
  EXPECT_TRUE(std::ranges::is_sorted(here, {}, &NetNsProcess::pid));
  EXPECT_TRUE(std::ranges::is_sorted(found.namespaces, std::less_equal<>{}, &NetNsUse::id)) << "no id twice";
}

TEST(NetNsList, PrintsInAFailureAsItPrintsItself) {
  const auto found = value_or_throw(list());
  ASSERT_FALSE(found.namespaces.empty());
  const auto& use = found.namespaces.front();
  EXPECT_EQ(testing::PrintToString(use.id), use.id.to_string());
  EXPECT_EQ(testing::PrintToString(use), use.to_string());
  EXPECT_EQ(testing::PrintToString(found), found.to_string());
}

TEST(NetNsList, EscapesNamesOfProcesses) {
  const WaitingChild child{[] { prctl(PR_SET_NAME, "a\nb\x1b"); }};
  EXPECT_THAT(processes_of(value_or_throw(list()), NetNs::current()->id()),
              Contains(NetNsProcess{child.pid(), R"(a\nb\x1b)"}));
}

TEST(NetNsList, LeavesOutWhoHasEnded) {
  const WaitingChild child{[] {}};
  child.kill();
  for (const auto& use : value_or_throw(list()).namespaces) {
    for (const auto& process : use.processes) EXPECT_NE(process.pid, child.pid());
  }
}

TEST(NetNsList, CountsWhomItMayNotLookAt) {
  const WaitingChild child{[] { prctl(PR_SET_DUMPABLE, 0); }};
  const auto with = value_or_throw(list());
  const WithoutCapability without{CAP_SYS_PTRACE};
  const auto found = value_or_throw(list());
  EXPECT_GT(found.unreadable, with.unreadable);
  EXPECT_THAT(processes_of(found, NetNs::current()->id()), Not(Contains(NetNsProcess{child.pid(), "netrig_netns_te"})));
}

TEST(NetNsList, PrintsALineForEach) {
  const NetNsList found{{{{4, 4026531840}, {{1, "init"}, {14, "dnsmasq"}}}, {{4, 4026532177}, {{20, "curl"}}}}, 3};
  EXPECT_EQ(found.to_string(),
            "net:[4026531840]  1 init, 14 dnsmasq\n"
            "net:[4026532177]  20 curl\n"
            "and those of 3 processes that may not be looked at");
}

}  // namespace
}  // namespace netrig::netns
