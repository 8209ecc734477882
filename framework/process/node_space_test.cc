#include <netrig/process/test_lab.h>

#include <array>
#include <fstream>
#include <sstream>
#include <utility>

namespace netrig::process {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string host_file(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream{path}.rdbuf();
  return text.str();
}

std::string name_of(const netns::NetNs& network) { return network.id().to_string() + "\n"; }

class NodeSpaceTest : public LabOfOneNode {};

TEST_F(NodeSpaceTest, ProgramsSeeTheNodesNetwork) {
  EXPECT_EQ(output_of("readlink /proc/self/ns/net"), name_of(*network_));
}

TEST_F(NodeSpaceTest, SysShowsTheNodesLinks) {
  EXPECT_EQ(output_of("ls /sys/class/net"), "lo\n");
  output_of("ip link add left type veth peer name right");
  EXPECT_EQ(output_of("ls /sys/class/net"), "left\nlo\nright\n");
}

TEST_F(NodeSpaceTest, ProcShowsTheLabsProcessesOnly) {
  // Ready: execve(2) gives the parent its memory back before it gives the program its name.
  const auto mine = value_or_throw(programs_->start(*node_, sh("echo ready; read forever").with_open_input(),
                                                    ready_when(output_line("ready")), soon()));
  const auto pids = output_of("cd /proc && echo [0-9]*");
  EXPECT_THAT(pids, HasSubstr(std::to_string(mine.pid_in_lab())));
  EXPECT_EQ(output_of("cat /proc/" + std::to_string(mine.pid_in_lab()) + "/comm"), "sh\n");
  EXPECT_EQ(output_of("cat /proc/[0-9]*/comm | grep -c netrig_process_ || true"), "1\n");  // the init alone
}

TEST_F(NodeSpaceTest, HasItsHostName) {
  EXPECT_EQ(output_of("uname -n"), "server\n");
  EXPECT_EQ(output_of("cat /etc/hostname"), "server\n");
}

TEST_F(NodeSpaceTest, RefusesAHostNameThatTheKernelRefuses) {
  const auto refused = NodeSpace::create(programs_->space(), *network_, {.name = std::string(65, 'x')});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("set its host name: at most 64 bytes"));
}

TEST_F(NodeSpaceTest, NamesComeFromItsOwnHostsFile) {
  NodeSpace pc = value_or_throw(NodeSpace::create(programs_->space(), *network_,
                                                  {.name = "pc", .hosts = "10.9.8.7 printer\nfd09::7 printer6\n"}));
  const auto found = value_or_throw(programs_->run(pc, sh("getent ahosts printer; getent ahosts printer6"), soon()));
  EXPECT_THAT(found.out, HasSubstr("10.9.8.7"));
  EXPECT_THAT(found.out, HasSubstr("fd09::7"));
}

TEST_F(NodeSpaceTest, WritesToEtcStayAndDoNotReachTheHost) {
  const auto before = host_file("/etc/resolv.conf");
  const auto sysctls = host_file("/etc/sysctl.conf");
  output_of("echo nameserver 192.0.2.1 > /etc/resolv.conf; echo net.ipv4.ip_forward=1 >> /etc/sysctl.conf");
  EXPECT_EQ(output_of("cat /etc/resolv.conf"), "nameserver 192.0.2.1\n");
  EXPECT_THAT(output_of("cat /etc/sysctl.conf"), HasSubstr("net.ipv4.ip_forward=1"));
  EXPECT_EQ(host_file("/etc/resolv.conf"), before);
  EXPECT_EQ(host_file("/etc/sysctl.conf"), sysctls);
}

TEST_F(NodeSpaceTest, TheHostsFilesCannotBeWrittenThroughEtc) {
  const auto written = run(sh("echo x >> /etc/passwd"));
  EXPECT_FALSE(written.success());
  EXPECT_THAT(written.err, testing::AnyOf(HasSubstr("Read-only file system"), HasSubstr("Permission denied")));
  EXPECT_THAT(output_of("getent passwd root"), HasSubstr("root:"));
}

TEST_F(NodeSpaceTest, AnEntryOfEtcCanBeReplaced) {
  output_of(
      "echo 'search example' > /etc/new && mv /etc/new /etc/resolv.conf && rm /etc/passwd && echo me > /etc/passwd");
  EXPECT_EQ(output_of("cat /etc/resolv.conf /etc/passwd"), "search example\nme\n");
  EXPECT_NE(host_file("/etc/passwd"), "me\n");
}

TEST_F(NodeSpaceTest, NodesShareNeitherEtcNorRun) {
  const auto other_network = value_or_throw(netns::NetNs::create());
  const auto other = make_node("other", other_network);
  output_of("echo mine > /run/mine; echo nameserver 192.0.2.1 > /etc/resolv.conf");
  const auto seen = value_or_throw(programs_->run(other, sh("cat /run/mine; cat /etc/resolv.conf"), soon()));
  EXPECT_EQ(seen.out, "# no name server\n");
  EXPECT_EQ(output_of("cat /run/mine"), "mine\n");
}

TEST_F(NodeSpaceTest, ExposedNamespacesAreNamesOfIpNetns) {
  value_or_throw(expose_netns(programs_->space(), std::array{NamedNetNs{"server", network_->fd()}}));
  EXPECT_EQ(output_of("ip netns list"), "server\n");
  EXPECT_EQ(output_of("ip netns exec server readlink /proc/self/ns/net"), name_of(*network_));
}

TEST_F(NodeSpaceTest, NamesReachNodesMadeBeforeAndAfter) {
  const auto blue = value_or_throw(netns::NetNs::create());
  value_or_throw(expose_netns(programs_->space(), std::array{NamedNetNs{"blue", blue.fd()}}));
  const NodeSpace later = make_node("later", blue);
  for (const NodeSpace* node : {&std::as_const(*node_), &later}) {
    const auto seen =
        value_or_throw(programs_->run(*node, sh("ip netns exec blue readlink /proc/self/ns/net"), soon()));
    EXPECT_EQ(seen.both, name_of(blue));
  }
  value_or_throw(hide_netns(programs_->space(), "blue"));
  for (const NodeSpace* node : {&std::as_const(*node_), &later}) {
    EXPECT_EQ(value_or_throw(programs_->run(*node, sh("ls /run/netns"), soon())).both, "");
  }
}

TEST_F(NodeSpaceTest, IpNetnsAddAndExecWorkInside) {
  const auto result = output_of(
      "ip netns add red && mkdir /etc/netns/red && echo nameserver 192.0.2.9 > /etc/netns/red/resolv.conf && "
      "ip netns exec red sh -c 'ls /sys/class/net; cat /etc/resolv.conf' && cat /etc/resolv.conf && ip netns delete "
      "red");
  EXPECT_EQ(result, "lo\nnameserver 192.0.2.9\n# no name server\n");
}

TEST_F(NodeSpaceTest, ExposesAllOrNothing) {
  const auto fd = network_->fd();
  const auto refused = expose_netns(programs_->space(), std::array{NamedNetNs{"a", fd}, NamedNetNs{"b/c", fd}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message(), "add ip netns name \"b/c\": it must be a file name");
  EXPECT_EQ(output_of("ip netns list"), "");
}

TEST_F(NodeSpaceTest, ExposesANameOnce) {
  const std::array names{NamedNetNs{"a", network_->fd()}};
  value_or_throw(expose_netns(programs_->space(), names));
  const auto refused = expose_netns(programs_->space(), names);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, EEXIST);
  EXPECT_EQ(output_of("ip netns list"), "a\n");
}

TEST_F(NodeSpaceTest, HidingAnUnknownNameIsAnError) {
  const auto refused = hide_netns(programs_->space(), "nobody");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ENOENT);
}

}  // namespace
}  // namespace netrig::process
