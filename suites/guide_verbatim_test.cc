// The guide's own shell lines, as they stand, fed to a shell in a node: existing scripts run unprivileged.
//
// The shell reads them from a pipe, as from a terminal, so that the guide's `ip netns exec ns1 bash` ... `exit` works
// too. `sudo` is a pass-through. The "default namespace" of the guide is the node `host`, its external interface is
// `eth0`, and the outside world is the node `internet`, which is 8.8.8.8 and answers for google.com.
#include <netrig/fixtures/lab_test.h>
#include <netrig/suites/guide_text.h>
#include <netrig/suites/tools.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netrig {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kPrelude = R"(set -e
mkdir -p /run/guide
printf '#!/bin/sh\nexec "$@"\n' > /run/guide/sudo
chmod +x /run/guide/sudo
PATH=/run/guide:$PATH
)";

std::size_t count(std::string_view text, std::string_view needle) {
  std::size_t found = 0;
  for (auto at = text.find(needle); at != std::string_view::npos; at = text.find(needle, at + 1)) ++found;
  return found;
}

class GuideVerbatim : public LabTest {
 public:
  void SetUp() override {
    LabTest::SetUp();
    if (IsSkipped()) return;
    NETRIG_NEEDS_TOOL("bash");
    NETRIG_NEEDS_TOOL("ip");
    NETRIG_NEEDS_TOOL("ping");
    NETRIG_NEEDS_TOOL("iptables");
    NETRIG_NEEDS_TOOL("sysctl");
    Topology topology;
    auto host = topology.host("host");
    auto internet = topology.host("internet");
    topology.segment("uplink", "203.0.113.0/24").join(host, internet);
    host.default_route("203.0.113.2");
    build(topology);
    node("internet").add_address("lo", InterfaceAddress::parse("8.8.8.8/32").value());
  }

 protected:
  // Runs shell lines in the node `host`; fails the test, showing what they printed, unless all of them succeed.
  std::string run(const std::string& lines) {
    const auto done = node("host").exec(process::Command{"bash"}
                                            .with_input(std::string{kPrelude} + lines)
                                            .with_stderr_in_stdout()
                                            .called("the guide's lines"),
                                        std::chrono::minutes{1});
    EXPECT_TRUE(done.success()) << lines << "---\n" << done;
    return done.out;
  }
  static std::string bridge_lines() { return guide_commands("Bridge Connectivity", "Routing Between Namespaces"); }
};

TEST_F(GuideVerbatim, CreateAndManageNamespaces) {
  proves("the guide's first chapter runs as it stands, its shell inside a namespace too");
  const auto lines = guide_commands("Create and Manage Namespaces", "Identify which namespace");
  ASSERT_THAT(lines, AllOf(HasSubstr("sudo ip netns exec ns1 bash"), HasSubstr("exit")));
  const auto out = run(lines + "echo the names that are left\nip netns list\n");
  EXPECT_THAT(out, AllOf(HasSubstr("1: lo: <LOOPBACK> mtu 65536"), HasSubstr("127.0.0.1/8")));
  const auto names = out.substr(out.rfind("the names that are left"));
  EXPECT_THAT(names, AllOf(HasSubstr("ns2"), Not(HasSubstr("ns1"))));
}

TEST_F(GuideVerbatim, IdentifyNamespaces) {
  proves("the guide's way through /proc finds each namespace in use");
  const auto lines =
      replaced(guide_commands("Identify which namespace", "Connect Namespaces"), "/proc/1234/", "/proc/$$/");
  const auto out = run(lines);
  EXPECT_THAT(out, HasSubstr(node("host").network().id().to_string()));
}

TEST_F(GuideVerbatim, ConnectTheHostAndANamespace) {
  proves("the guide's veth pair between the host and a namespace carries pings both ways");
  const auto out =
      run("ip netns add ns1\n" + guide_commands("A veth (virtual Ethernet) pair", "Connect two namespaces directly"));
  EXPECT_EQ(count(out, "3 packets transmitted, 3 received, 0% packet loss"), 2U) << out;
}

TEST_F(GuideVerbatim, ConnectTwoNamespaces) {
  proves("the guide's veth pair between two namespaces carries pings both ways");
  const auto out = run(guide_commands("Connect two namespaces directly", "Bridge Connectivity"));
  EXPECT_EQ(count(out, "3 packets transmitted, 3 received, 0% packet loss"), 2U) << out;
}

TEST_F(GuideVerbatim, BridgeThreeContainers) {
  proves("the guide's bridge joins three containers");
  const auto out = run(bridge_lines());
  EXPECT_EQ(count(out, "2 packets transmitted, 2 received, 0% packet loss"), 4U) << out;
}

TEST_F(GuideVerbatim, RouteBetweenTwoSubnets) {
  proves("the guide's router joins two subnets, and its sysctl.conf is the node's own");
  const auto out =
      run(guide_commands("Routing Between Namespaces", "External Network Access") + "tail -n 1 /etc/sysctl.conf\n");
  EXPECT_EQ(count(out, "3 packets transmitted, 3 received, 0% packet loss"), 2U) << out;
  EXPECT_EQ(lines_of(out).back(), "net.ipv4.ip_forward=1");
}

TEST_F(GuideVerbatim, ReachTheInternetThroughNat) {
  proves("the guide's NAT lines reach 8.8.8.8 and google.com from a container");
  NETRIG_NEEDS_TOOL("dnsmasq");
  const auto names =
      node("internet")
          .start({"dnsmasq", "--keep-in-foreground", "--no-resolv", "--no-hosts", "--conf-file=/dev/null",
                  "--pid-file=", "--user=", "--group=", "--log-facility=-", "--host-record=google.com,8.8.8.8"},
                 listening(traffic::udp(53)));
  const auto out = run(bridge_lines() + guide_commands("External Network Access", "Per-Namespace Firewall"));
  EXPECT_EQ(count(out, "3 packets transmitted, 3 received, 0% packet loss"), 2U) << out;
  EXPECT_THAT(out, HasSubstr("PING google.com (8.8.8.8)"));
}

TEST_F(GuideVerbatim, FilterAndForwardPorts) {
  proves("the guide's firewall and port forwarding lines are taken as they stand, and show in the listing");
  const auto out =
      run(bridge_lines() + guide_commands("Per-Namespace Firewall Rules", "Container Networking Internals") +
          "iptables -t nat -S PREROUTING\nip netns exec container2 iptables -S FORWARD\n");
  EXPECT_THAT(out, AllOf(HasSubstr("Chain OUTPUT (policy DROP"), HasSubstr("tcp dpt:80"), HasSubstr("tcp dpt:443"),
                         HasSubstr("udp dpt:53"), HasSubstr("--dport 8080 -j DNAT --to-destination 10.2.0.2:80"),
                         HasSubstr("-P FORWARD DROP")));
}

// The container engine is the one thing that is not there: a `docker` that knows one container stands for it.
TEST_F(GuideVerbatim, LookInsideAContainer) {
  proves("the guide's way from a container's PID to its host-side veth works");
  NETRIG_NEEDS_TOOL("nsenter");
  NETRIG_NEEDS_TOOL("bridge");
  const std::string container = R"SH(
ip link add docker0 type bridge && ip link set docker0 up
ip netns add my-container
ip link add veth7 type veth peer name eth0 netns my-container
ip link set veth7 master docker0 up
ip -n my-container link set eth0 up
ip -n my-container addr add 172.17.0.2/16 dev eth0
ip netns exec my-container sleep infinity < /dev/null > /dev/null 2>&1 &
until [ "$(readlink /proc/$!/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do :; done
printf '#!/bin/sh\ncase $1 in ps) echo 4f5e;; inspect) echo %s;; esac\n' $! > /run/guide/docker
chmod +x /run/guide/docker
)SH";
  const auto out = run(container + guide_commands("Container Networking Internals", "Troubleshooting"));
  EXPECT_THAT(out, AllOf(HasSubstr("Container PID: "), HasSubstr("inet 172.17.0.2/16"), HasSubstr("2: docker0: "),
                         HasSubstr("self permanent")));
  EXPECT_THAT(lines_of(out).back(), HasSubstr("veth7@if")) << out;
}

// tcpdump listens until it is stopped; guide_troubleshooting_test.cc runs it.
TEST_F(GuideVerbatim, Troubleshoot) {
  proves("the guide's checks of isolation, forwarding, routes, rules and link state run as they stand");
  const auto veth =
      "ip netns add ns1\n" + guide_commands("A veth (virtual Ethernet) pair", "Connect two namespaces directly");
  const auto checks = without_line(guide_commands("Troubleshooting", "Conclusion"), "tcpdump -i");
  const auto out = run(veth + checks);
  EXPECT_THAT(out, AllOf(HasSubstr("net.ipv4.ip_forward = 0"), HasSubstr("Chain FORWARD (policy ACCEPT)"),
                         HasSubstr("state UP")));
}

TEST(GuideCommands, LeavesProseOutAndKeepsLoopsWhole) {
  const auto lines = guide_commands("Bridge Connectivity", "Routing Between Namespaces");
  EXPECT_THAT(lines, AllOf(HasSubstr("sudo ip link add br0 type bridge\n"),
                           HasSubstr("for i in 1 2 3; do\n# Create veth pair\n"), Not(HasSubstr("A bridge allows"))));
  EXPECT_EQ(count(lines, "done\n"), 2U);
}

}  // namespace
}  // namespace netrig
