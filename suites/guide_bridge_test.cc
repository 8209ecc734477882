// The guide, "Bridge Connectivity": three containers on a bridge that is their default gateway.
#include <netrig/fixtures/bridged_hosts_test.h>
#include <netrig/suites/tools.h>
#include <netrig/testing/reach.h>
#include <netrig/testing/state.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netrig {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;

class GuideBridge : public BridgedHostsTest {};

TEST_F(GuideBridge, EveryContainerReachesTheBridge) {
  proves("all containers reach the bridge's own address");
  for (int i = 0; i < hosts(); ++i) EXPECT_THAT(host(i), CanReach(gateway(), traffic::icmp()));
}

TEST_F(GuideBridge, EveryContainerReachesEveryOther) {
  proves("containers on one bridge reach one another");
  for (int from = 0; from < hosts(); ++from) {
    for (int to = 0; to < hosts(); ++to) {
      if (from == to) continue;
      EXPECT_THAT(host(from), CanReach(host(to), traffic::icmp()));
    }
  }
}

TEST_F(GuideBridge, TheBridgeIsTheDefaultGateway) {
  NETRIG_NEEDS_TOOL("ip");
  proves("each container's default route points to the bridge, in both families");
  for (int i = 0; i < hosts(); ++i) {
    EXPECT_THAT(host(i), HasRoute("default", "10.2.0.1"));
    EXPECT_THAT(host(i).exec({"ip", "route", "show", "default"}).out, HasSubstr("default via 10.2.0.1 dev eth0"));
    EXPECT_THAT(host(i).exec({"ip", "-6", "route", "show", "default"}).out, HasSubstr("default via fd02::1 dev eth0"));
  }
}

TEST_F(GuideBridge, EveryHostSideEndIsAForwardingPort) {
  proves("the host-side ends are ports of br0 in state forwarding");
  NETRIG_NEEDS_TOOL("bridge");
  const auto ports = gateway().exec({"bridge", "link", "show"}).out;
  for (int i = 0; i < hosts(); ++i) {
    EXPECT_THAT(lines_of(ports), Contains(AllOf(HasSubstr(host(i).name()), HasSubstr("master br0 state forwarding"))));
  }
}

TEST_F(GuideBridge, LearnsWhereEachContainerIs) {
  proves("the bridge's forwarding database has each container behind its port");
  for (int i = 0; i < hosts(); ++i) ASSERT_THAT(host(i), CanReach(gateway(), traffic::icmp()));
  const auto seen = gateway().snapshot();
  for (int i = 0; i < hosts(); ++i) {
    const auto mac = host(i).snapshot().find_link("eth0")->mac;
    const auto entry = std::ranges::find_if(seen.fdb, [&](const auto& candidate) { return candidate.mac == mac; });
    ASSERT_NE(entry, seen.fdb.end()) << seen;
    EXPECT_EQ(entry->device.to_string(), host(i).name());
    EXPECT_THAT(gateway().exec({"bridge", "fdb", "show", "br", "br0"}).out,
                HasSubstr(mac->to_string() + " dev " + host(i).name()));
  }
}

}  // namespace
}  // namespace netrig
