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
