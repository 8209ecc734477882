// The guide, "Routing Between Namespaces": two subnets through a router, and not without forwarding.
#include <netrig/fixtures/routed_subnets_test.h>
#include <netrig/suites/tools.h>
#include <netrig/testing/reach.h>
#include <netrig/testing/state.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netrig {
namespace {

using ::testing::HasSubstr;

class GuideRouting : public RoutedSubnetsTest {};

TEST_F(GuideRouting, TheSubnetsReachEachOtherThroughTheRouter) {
  proves("two subnets reach each other through the router, both ways");
  EXPECT_THAT(left(), CanReach(right(), traffic::icmp()));
  EXPECT_THAT(right(), CanReach(left(), traffic::icmp()));
}

TEST_F(GuideRouting, CostsOneHop) {
  proves("the router takes one from the time to live");
  for (const auto family : {AddressFamily::ipv4, AddressFamily::ipv6}) {
    const auto report = left().ping(right(), family);
    ASSERT_FALSE(report.replies.empty()) << report;
    EXPECT_EQ(report.replies.front().ttl, 63) << report;
  }
}

TEST_F(GuideRouting, StopsWithoutIpv4Forwarding) {
  NETRIG_NEEDS_TOOL("sysctl");
  proves("without net.ipv4.ip_forward nothing is routed, and the rig says so");
  router().set_forwarding(AddressFamily::ipv4, false);
  EXPECT_EQ(trimmed(router().exec({"sysctl", "-n", "net.ipv4.ip_forward"}).out), "0");
  EXPECT_THAT(left(), CannotReach(right().address(), traffic::icmp()));
  EXPECT_THAT(left(), CanReach(right().address(AddressFamily::ipv6), traffic::icmp()));
}

TEST_F(GuideRouting, StopsWithoutIpv6Forwarding) {
  proves("without net.ipv6.conf.all.forwarding no IPv6 is routed");
  router().set_forwarding(AddressFamily::ipv6, false);
  EXPECT_THAT(left(), CannotReach(right().address(AddressFamily::ipv6), traffic::icmp()));
  EXPECT_THAT(left(), CanReach(right().address(), traffic::icmp()));
}

TEST_F(GuideRouting, RoutesAgainOnceForwardingIsOn) {
  NETRIG_NEEDS_TOOL("sysctl");
  proves("turning forwarding on with sysctl, as the guide does, opens the way");
  router().set_forwarding(false);
  ASSERT_THAT(left(), CannotReach(right().address(), traffic::icmp()));
  ASSERT_TRUE(router().exec({"sysctl", "-w", "net.ipv4.ip_forward=1"}).status.success());
  EXPECT_THAT(left(), CanReach(right().address(), traffic::icmp()));
}

TEST_F(GuideRouting, EachHostHasTheRouterAsDefaultGateway) {
  NETRIG_NEEDS_TOOL("ip");
  proves("each host's default route points to the router's address on its own subnet");
  EXPECT_THAT(left(), HasRoute("default", "10.10.1.1"));
  EXPECT_THAT(right(), HasRoute("default", "10.10.2.1"));
  EXPECT_THAT(right().exec({"ip", "route", "show", "default"}).out, HasSubstr("default via 10.10.2.1 dev eth0"));
}

}  // namespace
}  // namespace netrig
