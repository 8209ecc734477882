// One test a contradiction: each error names the object and what to do.
#include <netrig/topology/plan.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netrig {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> complaints(const Topology& topology) {
  std::vector<std::string> texts;
  for (const auto& problem : validate(topology)) texts.push_back(problem.message());
  return texts;
}

Topology two_hosts() {
  Topology topology;
  topology.segment("wire", "10.0.0.0/24").join(topology.host("a"), topology.host("b"));
  return topology;
}

TEST(Validate, AcceptsASoundTopology) { EXPECT_THAT(complaints(two_hosts()), IsEmpty()); }

TEST(Validate, RejectsADuplicateNode) {
  auto topology = two_hosts();
  topology.host("a");
  EXPECT_THAT(complaints(topology), Contains(AllOf(HasSubstr("\"a\""), HasSubstr("already"))));
}

TEST(Validate, RejectsANameThatIsNoHostName) {
  auto topology = two_hosts();
  topology.host("my host");
  EXPECT_THAT(complaints(topology), Contains(AllOf(HasSubstr("\"my host\""), HasSubstr("host name"))));
}

TEST(Validate, RejectsAnInterfaceNameOver15Bytes) {
  auto topology = two_hosts();
  topology.segment("lan2", "10.1.0.0/24")
      .join(topology.host("c"), {.name = "sixteen-bytes-xx"})
      .join(topology.host("d"));
  EXPECT_THAT(complaints(topology), Contains(AllOf(HasSubstr("sixteen-bytes-xx"), HasSubstr("15"))));
}

TEST(Validate, RejectsTwoInterfacesOfOneName) {
  Topology topology;
  const auto a = topology.host("a");
  topology.segment("one").join(a, {.name = "eth0"}).join(topology.host("b"));
  topology.segment("two").join(a, {.name = "eth0"}).join(topology.host("c"));
  EXPECT_THAT(complaints(topology), Contains(AllOf(HasSubstr("eth0"), HasSubstr("already"))));
}

TEST(Validate, RejectsOverlappingPrefixesOnOneSegment) {
  Topology topology;
  topology.segment("lan", "10.0.0.0/8, 10.1.0.0/16").join(topology.host("a"), topology.host("b"));
  EXPECT_THAT(complaints(topology),
              Contains(AllOf(HasSubstr("10.1.0.0/16"), HasSubstr("10.0.0.0/8"), HasSubstr("\"lan\""))));
}

TEST(Validate, RejectsOneNodeOnTwoLinksThatShareAddresses) {
  Topology topology;
  const auto a = topology.host("a");
  topology.segment("one", "10.0.0.0/24").join(a, topology.host("b"));
  topology.segment("two", "10.0.0.0/16").join(a, topology.host("c"));
  EXPECT_THAT(complaints(topology), Contains(AllOf(HasSubstr("overlaps"), HasSubstr("eth1"))));
}

TEST(Validate, RejectsAGatewayOffLink) {
  Topology topology;
  auto a = topology.host("a");
  topology.segment("wire", "10.0.0.0/24").join(a, topology.host("b"));
  a.route("192.0.2.0/24", "10.9.9.9");
  EXPECT_THAT(complaints(topology),
              ElementsAre(AllOf(HasSubstr("10.9.9.9"), HasSubstr("off-link"), HasSubstr("10.0.0.0/24 on eth0"))));
}

TEST(Validate, RejectsAGatewayOfTheOtherFamily) {
  Topology topology;
  auto a = topology.host("a");
  topology.segment("wire", "10.0.0.0/24").join(a, topology.host("b"));
  a.route("2001:db8::/32", "10.0.0.2");
  EXPECT_THAT(complaints(topology), ElementsAre(HasSubstr("different families")));
}

TEST(Validate, RejectsARouteThroughAnUnknownDevice) {
  Topology topology;
  auto a = topology.host("a");
  topology.segment("wire", "10.0.0.0/24").join(a, topology.host("b"));
  a.route_dev("192.0.2.0/24", "eth7");
  EXPECT_THAT(complaints(topology), ElementsAre(AllOf(HasSubstr("\"a\""), HasSubstr("eth7"))));
}

TEST(Validate, RejectsALinkWhosePeerIsMissing) {
  Topology topology;
  topology.segment("wire").join(topology.host("a"));
  EXPECT_THAT(complaints(topology), ElementsAre(AllOf(HasSubstr("\"a\""), HasSubstr("peer is missing"))));
}

TEST(Validate, RejectsANodeOfAnotherTopology) {
  Topology other;
  const auto stranger = other.host("stranger");
  Topology topology;
  topology.segment("wire").join(topology.host("a"), stranger);
  EXPECT_THAT(complaints(topology), ElementsAre(AllOf(HasSubstr("\"stranger\""), HasSubstr("no node of that name"))));
}

TEST(Validate, RejectsABridgePortWithAnAddress) {
  Topology topology;
  const auto gw = topology.router("gw");
  topology.segment("lan", "10.0.0.0/24").bridge_at(gw).join(gw, topology.host("a"));
  EXPECT_THAT(complaints(topology), ElementsAre(AllOf(HasSubstr("\"gw\""), HasSubstr("a port of a bridge has none"))));
}

TEST(Validate, RejectsADuplicateAddressOnOneLink) {
  Topology topology;
  topology.segment("wire", "10.0.0.0/24")
      .join(topology.host("a"), {.address = "10.0.0.5/24"})
      .join(topology.host("b"), {.address = "10.0.0.5/24"});
  EXPECT_THAT(complaints(topology),
              ElementsAre(AllOf(HasSubstr("10.0.0.5/24"), HasSubstr("\"b\""), HasSubstr("a has that address"))));
}

TEST(Validate, RejectsMoreMembersThanThePrefixHolds) {
  Topology topology;
  topology.segment("lan", "10.0.0.0/30").join(topology.host("a"), topology.host("b"), topology.host("c"));
  EXPECT_THAT(complaints(topology), ElementsAre(AllOf(HasSubstr("10.0.0.0/30"), HasSubstr("wider prefix"))));
}

TEST(Validate, RejectsAnMtuBelowWhatIpv6Needs) {
  Topology topology;
  topology.segment("wire").join(topology.host("a"), topology.host("b")).mtu(1200);
  EXPECT_THAT(complaints(topology), ElementsAre(AllOf(HasSubstr("1200"), HasSubstr("1280"))));
}

TEST(Validate, AcceptsASmallMtuWithIpv4Only) {
  Topology topology;
  topology.segment("wire", "10.0.0.0/24").join(topology.host("a"), topology.host("b")).mtu(576);
  EXPECT_THAT(complaints(topology), IsEmpty());
}

TEST(Validate, RejectsALoopOfBridgesWithoutStp) {
  Topology topology;
  auto one = topology.segment("one").join(topology.host("a"), topology.host("b"));
  auto two = topology.segment("two").join(topology.host("c"), topology.host("d"));
  topology.trunk(one, two);
  topology.trunk(two, one);
  EXPECT_THAT(complaints(topology), ElementsAre(AllOf(HasSubstr("loop"), HasSubstr("stp()"))));
  one.stp();
  two.stp();
  EXPECT_THAT(complaints(topology), IsEmpty());
}

TEST(Validate, RejectsMasqueradeOutOfAnUnknownInterface) {
  Topology topology;
  auto gw = topology.router("gw");
  topology.segment("lan").join(gw, topology.host("a"));
  gw.masquerade("wan");
  EXPECT_THAT(complaints(topology), ElementsAre(AllOf(HasSubstr("\"gw\""), HasSubstr("wan"))));
}

TEST(Validate, RejectsAddressTranslationOnAHost) {
  Topology topology;
  auto a = topology.host("a");
  topology.segment("wire").join(a, topology.host("b"));
  a.masquerade("wire");
  EXPECT_THAT(complaints(topology), ElementsAre(AllOf(HasSubstr("\"a\""), HasSubstr("router()"))));
}

TEST(Validate, RejectsAnAddressOutsideItsSegment) {
  Topology topology;
  topology.segment("lan", "10.0.0.0/24")
      .join(topology.host("a"), {.address = "10.0.1.7/24"})
      .join(topology.host("b"), {.address = "10.0.0.2/24, fd00::2/64"});
  EXPECT_THAT(complaints(topology), ElementsAre(AllOf(HasSubstr("10.0.1.7/24"), HasSubstr("\"a\""),
                                                      HasSubstr("segment lan is 10.0.0.0/24"))));
}

TEST(Validate, RejectsPrefixesOfDifferentLengthsOnOneLink) {
  Topology topology;
  topology.segment("lan", "none")
      .join(topology.host("a"), {.address = "10.0.0.1/24"})
      .join(topology.host("b"), {.address = "10.0.0.2/16"});
  EXPECT_THAT(complaints(topology), ElementsAre(AllOf(HasSubstr("overlapping prefix on one link"), HasSubstr("\"b\""),
                                                      HasSubstr("a:eth0 has 10.0.0.1/24"))));
}

TEST(Validate, RejectsPrefixesOfDifferentLengthsAcrossATrunk) {
  Topology topology;
  auto east = topology.segment("east", "10.0.0.0/24").join(topology.host("a"), topology.host("b"));
  auto west = topology.segment("west", "10.0.0.0/16").join(topology.host("c"), topology.host("d"));
  topology.trunk(east, west);
  EXPECT_THAT(complaints(topology), Contains(HasSubstr("overlapping prefix on one link")));
}

TEST(Validate, RejectsTheAddressesThatAPrefixReserves) {
  const auto complaint = [](std::string_view address) {
    Topology topology;
    topology.segment("lan", "none").join(topology.host("a"), {.address = address}).join(topology.host("b"));
    return complaints(topology);
  };
  EXPECT_THAT(complaint("10.0.0.0/24"), ElementsAre(HasSubstr("network address of 10.0.0.0/24")));
  EXPECT_THAT(complaint("10.0.0.255/24"), ElementsAre(HasSubstr("broadcast address of 10.0.0.0/24")));
  EXPECT_THAT(complaint("fd00::/64"), ElementsAre(HasSubstr("subnet-router anycast address of fd00::/64")));
  for (const auto* allowed : {"10.0.0.0/31", "10.0.0.1/31", "10.0.0.0/32", "fd00::/127", "fd00::/128"}) {
    EXPECT_THAT(complaint(allowed), IsEmpty()) << allowed;
  }
}

TEST(Validate, RejectsOnePrefixOnTwoSegmentsOfARoutedNetwork) {
  Topology topology;
  auto left = topology.router("left");
  auto right = topology.router("right");
  topology.segment("core", "10.9.0.0/24").join(left, right);
  topology.segment("one", "10.0.0.0/24").join(left, topology.host("a"));
  topology.segment("two", "10.0.0.0/24").join(right, topology.host("b"));
  EXPECT_THAT(complaints(topology),
              ElementsAre(AllOf(HasSubstr("10.0.0.0/24"), HasSubstr("\"two\""), HasSubstr("segment one"))));
  left.masquerade("core");
  EXPECT_THAT(complaints(topology), IsEmpty());
}

TEST(Validate, AcceptsOnePrefixInTwoNetworks) {
  Topology topology;
  topology.segment("one", "10.0.0.0/24").join(topology.host("a"), topology.router("b"));
  topology.segment("two", "10.0.0.0/24").join(topology.host("c"), topology.router("d"));
  EXPECT_THAT(complaints(topology), IsEmpty());
}

TEST(Validate, AcceptsOneLinkLocalAddressOnTwoLinks) {
  Topology topology;
  const auto gw = topology.router("gw");
  topology.segment("one", "none").join(gw, {.address = "fe80::1/64"}).join(topology.host("a"));
  topology.segment("two", "none").join(gw, {.address = "fe80::1/64"}).join(topology.host("b"));
  EXPECT_THAT(complaints(topology), IsEmpty());
}

TEST(Validate, RejectsALinkOfANodeToItself) {
  Topology topology;
  const auto a = topology.host("a");
  topology.link(a, a);
  EXPECT_THAT(complaints(topology), ElementsAre(AllOf(HasSubstr("\"a\""), HasSubstr("both ends"))));
}

TEST(Validate, RejectsATrunkOfASegmentToItself) {
  Topology topology;
  auto lan = topology.segment("lan").join(topology.host("a"), topology.host("b")).stp();
  topology.trunk(lan, lan);
  EXPECT_THAT(complaints(topology), ElementsAre(AllOf(HasSubstr("\"lan\""), HasSubstr("to itself"))));
}

TEST(Validate, RejectsADuplicateMacOnOneLink) {
  Topology topology;
  topology.segment("lan")
      .join(topology.host("a"), {.mac = "02:00:00:00:00:07"})
      .join(topology.host("b"), {.mac = "02:00:00:00:00:07"});
  EXPECT_THAT(complaints(topology),
              ElementsAre(AllOf(HasSubstr("02:00:00:00:00:07"), HasSubstr("\"b\""), HasSubstr("a:eth0"))));
}

TEST(Validate, RejectsAMacThatNoDeviceCanHave) {
  for (const auto* mac : {"00:00:00:00:00:00", "01:00:5e:00:00:01", "ff:ff:ff:ff:ff:ff"}) {
    Topology topology;
    topology.segment("lan").join(topology.host("a"), {.mac = mac}).join(topology.host("b"));
    EXPECT_THAT(complaints(topology), ElementsAre(AllOf(HasSubstr(mac), HasSubstr("\"a\""), HasSubstr("unicast"))));
  }
}

TEST(Validate, RejectsARouteSaidTwice) {
  Topology topology;
  auto a = topology.host("a");
  topology.segment("wire", "10.0.0.0/24, fd00::/64").join(a, topology.host("b"));
  a.route("192.0.2.0/24", "10.0.0.2").route("192.0.2.0/24", "10.0.0.3").route("192.0.2.0/24", "10.0.0.3", 5);
  a.route("2001:db8::/32", "fd00::2").route("2001:db8::/32", "fd00::3", 1024);
  EXPECT_THAT(complaints(topology), ElementsAre(AllOf(HasSubstr("192.0.2.0/24 via 10.0.0.3"), HasSubstr("already")),
                                                AllOf(HasSubstr("2001:db8::/32 via fd00::3"), HasSubstr("already"))));
}

TEST(Validate, RejectsAGatewayThatIsTheNodeItself) {
  Topology topology;
  auto a = topology.host("a");
  topology.segment("wire", "10.0.0.0/24").join(a, topology.host("b"));
  a.default_route("10.0.0.1");
  EXPECT_THAT(complaints(topology), ElementsAre(AllOf(HasSubstr("10.0.0.1"), HasSubstr("own address"))));
}

TEST(Validate, RejectsAPortForwardedTwice) {
  Topology topology;
  auto gw = topology.router("gw");
  const auto a = topology.host("a");
  topology.segment("lan").join(gw, a);
  topology.segment("wan").join(gw, topology.host("b"));
  gw.forward_port("wan", traffic::tcp(80), a, Port{80}).forward_port("eth1", traffic::tcp(80), a, Port{81});
  gw.forward_port("wan", traffic::udp(80), a, Port{80}).forward_port("lan", traffic::tcp(80), a, Port{80});
  EXPECT_THAT(complaints(topology), ElementsAre(AllOf(HasSubstr("tcp/80"), HasSubstr("\"gw\""), HasSubstr("already"))));
}

TEST(Validate, RejectsPortZero) {
  Topology topology;
  auto gw = topology.router("gw");
  const auto a = topology.host("a");
  topology.segment("lan").join(gw, a);
  gw.forward_port("lan", traffic::tcp(80), a, Port{0}).forward_port("lan", traffic::tcp(0), a, Port{80});
  EXPECT_THAT(complaints(topology), ElementsAre(HasSubstr("port 0"), HasSubstr("port 0")));
}

TEST(Validate, RejectsMasqueradeTowardsAnInterfaceWithoutAddress) {
  Topology topology;
  auto gw = topology.router("gw");
  topology.segment("lan", "10.0.0.0/24").join(gw, topology.host("a"));
  topology.segment("wan", "192.0.2.0/24").join(gw, topology.host("b"));
  gw.masquerade("wan");
  EXPECT_THAT(complaints(topology), IsEmpty());
  gw.masquerade("wan", "fd00::/64");
  EXPECT_THAT(complaints(topology), ElementsAre(AllOf(HasSubstr("\"gw\""), HasSubstr("eth1 has no ipv6 address"))));
}

TEST(Validate, RejectsANodeNamedLocalhost) {
  auto topology = two_hosts();
  topology.host("localhost");
  EXPECT_THAT(complaints(topology), ElementsAre(AllOf(HasSubstr("\"localhost\""), HasSubstr("another name"))));
}

TEST(Validate, RejectsASmallMtuUnderAnIpv6AddressOfAMember) {
  Topology topology;
  topology.segment("wire", "10.0.0.0/24")
      .join(topology.host("a"), {.address = "fd00::1/64"})
      .join(topology.host("b"))
      .mtu(1200);
  EXPECT_THAT(complaints(topology), ElementsAre(AllOf(HasSubstr("1200"), HasSubstr("1280"))));
}

TEST(Validate, RejectsMoreSegmentsThanThePoolHolds) {
  Topology topology;
  const auto a = topology.host("a");
  for (int i = 0; i < 513; ++i) topology.segment("s" + std::to_string(i)).join(a).bridged();
  EXPECT_THAT(complaints(topology), ElementsAre(AllOf(HasSubstr("\"s512\""), HasSubstr("172.24.0.0/13 is used up"),
                                                      HasSubstr("give the segment prefixes"))));
}

TEST(Validate, TellsEverythingAtOnce) {
  Topology topology;
  topology.host("a");
  topology.host("a");
  topology.segment("lan", "10.0.0.0/8, 10.0.0.0/9").join(topology.host("b"), topology.host("c")).mtu(1);
  EXPECT_EQ(complaints(topology).size(), 3U);
  EXPECT_THAT(make_plan(topology).error().message(), HasSubstr("also: "));
}

}  // namespace
}  // namespace netrig
