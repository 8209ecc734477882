// The guide, "Connect Namespaces with veth Pairs": to the sandbox's own namespace, and between two.
#include <netrig/base/scope_exit.h>
#include <netrig/fixtures/two_hosts_test.h>
#include <netrig/netlink/batch.h>
#include <netrig/netlink/link.h>
#include <netrig/suites/tools.h>
#include <netrig/testing/reach.h>
#include <netrig/testing/state.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netrig {
namespace {

using ::testing::HasSubstr;

class GuideVeth : public TwoHostsTest {};

TEST_F(GuideVeth, ReachesTheOtherEnd) {
  proves("two namespaces joined by a veth pair reach each other");
  EXPECT_THAT(left(), CanReach(right(), traffic::icmp()));
  EXPECT_THAT(right(), CanReach(left(), traffic::icmp()));
}

TEST_F(GuideVeth, AgreesWithPing) {
  proves("the ping program sees what the rig's own echo sees");
  NETRIG_NEEDS_TOOL("ping");
  const auto ping = left().exec({"ping", "-c", "3", "-i", "0.01", right().address().to_string()});
  EXPECT_TRUE(ping.status.success()) << ping.out << ping.err;
  EXPECT_THAT(ping.out, HasSubstr("3 packets transmitted, 3 received, 0% packet loss"));
  const auto ping6 =
      left().exec({"ping", "-6", "-c", "3", "-i", "0.01", right().address(AddressFamily::ipv6).to_string()});
  EXPECT_TRUE(ping6.status.success()) << ping6.out << ping6.err;
}

TEST_F(GuideVeth, IsUpOnBothEnds) {
  NETRIG_NEEDS_TOOL("ip");
  proves("both ends of the pair are up and have carrier");
  EXPECT_THAT(lab().link("left", "right"), IsUp());
  EXPECT_THAT(left().exec({"ip", "link", "show", "eth0"}).out, HasSubstr("state UP"));
  EXPECT_THAT(right().exec({"ip", "link", "show", "eth0"}).out, HasSubstr("state UP"));
}

TEST_F(GuideVeth, HasTheAddressesThatWereGiven) {
  NETRIG_NEEDS_TOOL("ip");
  proves("each end has the address it was given, as `ip addr` shows");
  EXPECT_THAT(left(), HasAddress("10.0.0.1/24"));
  EXPECT_THAT(left(), HasAddress("fd00::1/64"));
  EXPECT_THAT(left().exec({"ip", "-br", "addr", "show", "eth0"}).out, HasSubstr("10.0.0.1/24"));
}

class GuideVethByHand : public LabTest {};

// The guide's "host side": the namespace that the test program itself is in.
TEST_F(GuideVethByHand, ConnectsTheSandboxesOwnNamespace) {
  proves("a veth pair joins the sandbox's own namespace and a node");
  Topology topology;
  topology.host("ns1");
  build(topology);
  auto here = netlink::Socket::open("sandbox").value();
  const InterfaceName veth0{"veth0"}, veth1{"veth1"};
  netlink::LinkSpec near{.name = veth0};
  near.up = true;
  netlink::LinkSpec far{.name = veth1};
  far.netns = node("ns1").network().fd();
  const auto made = netlink::Batch{here}.add_link(near, netlink::Veth{.peer = far}).send();
  ASSERT_TRUE(made) << made.error();
  const ScopeExit remove{[&] { (void)netlink::Batch{here}.remove_link({.name = veth0}).send(); }};
  const auto addressed =
      netlink::Batch{here}
          .add(netlink::Address{.device = {.name = veth0}, .local = InterfaceAddress::parse("10.0.0.1/24").value()})
          .send();
  ASSERT_TRUE(addressed) << addressed.error();
  node("ns1").add_address("veth1", InterfaceAddress::parse("10.0.0.2/24").value());
  node("ns1").set_link_up("veth1");
  const auto settled = netlink::get_link(here, {.name = veth0});
  ASSERT_TRUE(settled) << settled.error();

  EXPECT_THAT(node("ns1"), CanReach(IpAddress::parse("10.0.0.1").value(), traffic::icmp()));
  auto pinger = traffic::Pinger::open({.destination = IpAddress::parse("10.0.0.2").value()});
  ASSERT_TRUE(pinger) << pinger.error();
  const auto report = pinger->run(Deadline::after(std::chrono::seconds{5}));
  ASSERT_TRUE(report) << report.error();
  EXPECT_EQ(report->received(), report->transmitted) << *report;
}

}  // namespace
}  // namespace netrig
