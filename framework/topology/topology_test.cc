#include <netrig/topology/topology.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netrig {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Topology, IsAValue) {
  Topology office;
  const auto pc = office.host("pc");
  const auto server = office.host("server");
  office.link(pc, server, "10.0.0.0/30");
  const Topology copy = office;
  EXPECT_EQ(copy, office);
  office.host("printer");
  EXPECT_NE(copy, office);
}

TEST(Topology, KeepsWhatCannotBeReadAsAProblem) {
  Topology office;
  auto pc = office.host("pc");
  pc.default_route("10.0.0.256");
  office.segment("lan", "10.1.0.0/33");
  ASSERT_EQ(office.problems().size(), 2U);
  EXPECT_THAT(office.problems()[0].message(), HasSubstr("10.0.0.256"));
  EXPECT_THAT(office.problems()[1].message(), HasSubstr("10.1.0.0/33"));
  EXPECT_THAT(office.nodes()[0].routes, IsEmpty());
}

TEST(Topology, NamesParallelLinksApart) {
  Topology twins;
  const auto a = twins.host("a");
  const auto b = twins.host("b");
  EXPECT_EQ(twins.link(a, b).name(), "a-b");
  EXPECT_EQ(twins.link(a, b).name(), "a-b-2");
}

TEST(Topology, DescribesItselfInOneLine) {
  Topology office;
  const auto gw = office.router("gw");
  const auto pc = office.host("pc");
  office.segment("lan", "10.1.0.0/24, fd01::/64").join(gw, pc);
  EXPECT_EQ(office.describe(), "1 host, 1 router; lan (10.1.0.0/24, fd01::/64): gw pc");
}

TEST(Topology, ReadsJoinOptions) {
  Topology office;
  const auto pc = office.host("pc");
  office.segment("lan").join(
      pc, {.name = "lan0", .address = "10.1.0.7/24, fd01::7/64", .mac = "02:00:00:00:00:07", .metric = 50});
  const auto& member = office.segments()[0].members[0];
  EXPECT_EQ(member.interface, "lan0");
  EXPECT_EQ(member.addresses.size(), 2U);
  EXPECT_EQ(member.mac, MacAddress::parse("02:00:00:00:00:07").value());
  EXPECT_EQ(member.metric, 50U);
}

}  // namespace
}  // namespace netrig
