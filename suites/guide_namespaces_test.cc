// The guide, "Create and Manage Namespaces": make, list, identify, look inside, delete.
#include <netrig/fixtures/lab_test.h>
#include <netrig/netlink/link.h>
#include <netrig/netns/list.h>
#include <netrig/netns/net_ns.h>
#include <netrig/suites/tools.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace netrig {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class GuideNamespaces : public LabTest {
 protected:
  // Two machines without a cable: two namespaces, nothing else.
  static Topology two_namespaces() {
    Topology topology;
    topology.host("ns1");
    topology.host("ns2");
    return topology;
  }
};

TEST_F(GuideNamespaces, ANewNamespaceHasOnlyTheLoopbackInterface) {
  NETRIG_NEEDS_TOOL("ip");
  proves("a new namespace has lo and nothing else");
  build(two_namespaces());
  const auto seen = node("ns1").snapshot();
  ASSERT_EQ(seen.links.size(), 1U) << seen;
  EXPECT_EQ(seen.links[0].name.to_string(), "lo");
  EXPECT_THAT(node("ns1").exec({"ip", "link", "list"}).out, HasSubstr("1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536"));
}

TEST_F(GuideNamespaces, ListsNamespacesByName) {
  NETRIG_NEEDS_TOOL("ip");
  proves("`ip netns list` inside the lab shows its nodes");
  build(two_namespaces());
  const auto listed = node("ns1").exec({"ip", "netns", "list"}).out;
  EXPECT_THAT(lines_of(listed), ::testing::IsSupersetOf({::testing::StartsWith("ns1"), ::testing::StartsWith("ns2")}));
}

TEST_F(GuideNamespaces, RunsACommandInANamespaceByName) {
  NETRIG_NEEDS_TOOL("ip");
  proves("`ip netns exec NAME` enters another node");
  build(two_namespaces());
  const auto inside = node("ns1").exec({"ip", "netns", "exec", "ns2", "readlink", "/proc/self/ns/net"});
  ASSERT_TRUE(inside.status.success()) << inside.err;
  EXPECT_EQ(trimmed(inside.out), node("ns2").network().id().to_string());
}

TEST_F(GuideNamespaces, IdentifiesTheNamespaceOfAProcess) {
  proves("/proc/PID/ns/net and of_process(pid) name the same namespace");
  build(two_namespaces());
  auto sleeper = node("ns1").start({"sleep", "infinity"});
  const auto of_process = netns::NetNs::of_process(sleeper.pid());
  ASSERT_TRUE(of_process) << of_process.error();
  EXPECT_EQ(of_process->id(), node("ns1").network().id());
  EXPECT_NE(of_process->id(), node("ns2").network().id());
  std::error_code error;
  const auto link = std::filesystem::read_symlink("/proc/" + std::to_string(sleeper.pid()) + "/ns/net", error);
  EXPECT_EQ(link.string(), of_process->id().to_string()) << error.message();
}

TEST_F(GuideNamespaces, ListsDistinctNamespacesInUseWithTheirProcesses) {
  proves("every namespace in use is found through /proc, with who is in it");
  build(two_namespaces());
  auto first = node("ns1").start({"sleep", "infinity"});
  auto second = node("ns2").start({"sleep", "infinity"});
  const auto listed = netns::list();
  ASSERT_TRUE(listed) << listed.error();
  for (const auto* process : {&first, &second}) {
    const auto home = netns::NetNs::of_process(process->pid()).value().id();
    const auto found = std::ranges::find(listed->namespaces, home, &netns::NetNsUse::id);
    ASSERT_NE(found, listed->namespaces.end());
    EXPECT_THAT(found->processes, Contains(::testing::Field(&netns::NetNsProcess::pid, process->pid())));
  }
}

TEST_F(GuideNamespaces, ForgetsANamespaceThatIsDeleted) {
  proves("a name made with `ip netns add` is gone after `ip netns del`");
  build(two_namespaces());
  const auto script = node("ns1").exec(
      process::sh("ip netns add extra && ip netns list && ip netns del extra && echo deleted && ip netns list"));
  ASSERT_TRUE(script.status.success()) << script.err;
  const auto half = script.out.find("deleted");
  ASSERT_NE(half, std::string::npos);
  EXPECT_THAT(script.out.substr(0, half), HasSubstr("extra"));
  EXPECT_THAT(script.out.substr(half), Not(HasSubstr("extra")));
}

TEST_F(GuideNamespaces, OpensAShellThatSeesOnlyTheNamespace) {
  NETRIG_NEEDS_TOOL("bash");
  proves("a shell in a namespace brings lo up and sees only lo");
  build(two_namespaces());
  const auto shell = node("ns1").exec(process::Command{"bash"}.with_input("ip link set lo up\nip -br addr\nexit\n"));
  ASSERT_TRUE(shell.status.success()) << shell.err;
  EXPECT_THAT(lines_of(shell.out), ElementsAre(AllOf(::testing::StartsWith("lo"), HasSubstr("127.0.0.1/8"))));
}

}  // namespace
}  // namespace netrig
