// The guide, "Container Networking Internals": from a container's PID to its namespace, its veth, its bridge.
// The container is a process of a node; what the guide does with nsenter, ip and grep is done with them and with the
// library.
#include <netrig/fixtures/bridged_hosts_test.h>
#include <netrig/suites/tools.h>
#include <netrig/testing/reach.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netrig {
namespace {

using ::testing::HasSubstr;

class GuideContainers : public BridgedHostsTest {
 protected:
  process::Process start_container(const Node& node) { return node.start({"sleep", "infinity"}); }
};

TEST_F(GuideContainers, FindsTheNamespaceByPid) {
  proves("a container's PID leads to its network namespace");
  const auto container = start_container(host(1));
  const auto found = netns::NetNs::of_process(container.pid());
  ASSERT_TRUE(found) << found.error();
  EXPECT_EQ(found->id(), host(1).network().id());
  auto socket = found->run([] { return netlink::Socket::open("container", netlink::Access::read_only); });
  ASSERT_TRUE(socket) << socket.error();
  const auto links = netlink::dump_links(*socket);
  ASSERT_TRUE(links) << links.error();
  EXPECT_EQ(links->size(), 2U);  // lo and eth0
}

TEST_F(GuideContainers, NsenterShowsTheContainersAddressesAndRoutes) {
  proves("`nsenter -t PID -n` shows the container's own addresses and routes");
  NETRIG_NEEDS_TOOL("nsenter");
  const auto container = start_container(host(1));
  const auto pid = std::to_string(container.pid_in_lab());
  EXPECT_THAT(gateway().exec({"nsenter", "-t", pid, "-n", "ip", "addr"}).out, HasSubstr(host(1).address().to_string()));
  EXPECT_THAT(gateway().exec({"nsenter", "-t", pid, "-n", "ip", "route"}).out,
              HasSubstr("default via " + gateway().address().to_string()));
}

TEST_F(GuideContainers, FindsTheHostSideVethByInterfaceIndex) {
  proves("the host-side veth of a container is found by the `if${N}` of ip link, and by one library call");
  NETRIG_NEEDS_TOOL("nsenter");
  const auto container = start_container(host(2));
  const auto pid = std::to_string(container.pid_in_lab());
  const auto script =
      gateway().exec(process::sh("N=$(nsenter -t " + pid +
                                 " -n ip -o link show eth0 | cut -d: -f1)\n"
                                 "ip -o link show | grep \"@if${N}:\" | cut -d: -f2 | cut -d@ -f1 | tr -d ' '\n"));
  ASSERT_TRUE(script.status.success()) << script.err;

  const auto peer = lab().peer_of(host(2), "eth0");
  EXPECT_EQ(peer.node, gateway());
  EXPECT_EQ(peer.interface.to_string(), trimmed(script.out));
}

TEST_F(GuideContainers, ShowsTheBridgeAndItsForwardingDatabase) {
  NETRIG_NEEDS_TOOL("ip");
  proves("the bridge shows the container's MAC behind its veth");
  NETRIG_NEEDS_TOOL("bridge");
  ASSERT_THAT(host(0), CanReach(gateway(), traffic::icmp()));
  EXPECT_THAT(gateway().exec({"ip", "addr", "show", "br0"}).out, HasSubstr(gateway().address().to_string() + "/16"));
  const auto mac = host(0).snapshot().find_link("eth0")->mac->to_string();
  EXPECT_THAT(gateway().exec({"bridge", "fdb", "show", "br", "br0"}).out, HasSubstr(mac + " dev " + host(0).name()));
}

}  // namespace
}  // namespace netrig
