#include <netrig/topology/plan.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace netrig {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> addresses(const Plan& plan, std::string_view node, std::string_view interface) {
  std::vector<std::string> texts;
  for (const auto& own : plan.find(node)->find(interface)->addresses) texts.push_back(own.to_string());
  return texts;
}

std::vector<std::string> routes(const Plan& plan, std::string_view node) {
  std::vector<std::string> texts;
  for (const auto& route : plan.find(node)->routes) {
    std::string text = route.destination.to_string();
    if (route.gateway) text += " via " + route.gateway->to_string();
    text += " dev " + plan.find(node)->interfaces[route.interface].name.to_string();
    if (route.metric != 0) text += " metric " + std::to_string(route.metric);
    texts.push_back(text);
  }
  return texts;
}

TEST(Plan, JoinsTwoMembersByAPlainVethPair) {
  Topology pair;
  pair.segment("wire", "10.0.0.0/24").join(pair.host("left"), pair.host("right"));
  const auto plan = make_plan(pair).value();
  ASSERT_EQ(plan.nodes.size(), 2U);
  EXPECT_EQ(plan.nodes[0].interfaces[0].peer_node, 1U);
  EXPECT_FALSE(plan.nodes[0].interfaces[0].master);
  EXPECT_THAT(addresses(plan, "left", "eth0"), ElementsAre("10.0.0.1/24"));
  EXPECT_THAT(addresses(plan, "right", "eth0"), ElementsAre("10.0.0.2/24"));
}

TEST(Plan, JoinsThreeMembersByABridgeInASwitchOfItsOwn) {
  Topology lan;
  lan.segment("lan", "10.0.0.0/24").join(lan.host("a"), lan.host("b"), lan.host("c"));
  const auto plan = make_plan(lan).value();
  ASSERT_EQ(plan.nodes.size(), 4U);
  const auto& sw = plan.nodes[3];
  EXPECT_TRUE(sw.is_switch);
  EXPECT_EQ(sw.name, "lan");
  ASSERT_EQ(sw.interfaces.size(), 4U);
  EXPECT_TRUE(sw.interfaces[0].is_bridge);
  EXPECT_EQ(sw.interfaces[1].name.to_string(), "a");
  EXPECT_EQ(sw.interfaces[1].master, 0U);
  EXPECT_THAT(sw.interfaces[1].addresses, IsEmpty());
}

TEST(Plan, PutsTheBridgeWhereItIsItselfTheGateway) {
  Topology guide;
  const auto gw = guide.router("gw");
  guide.segment("containers", "10.2.0.0/24").bridge_at(gw).join(guide.host("c1"), guide.host("c2"));
  const auto plan = make_plan(guide).value();
  EXPECT_EQ(plan.nodes.size(), 3U);
  EXPECT_THAT(addresses(plan, "gw", "br0"), ElementsAre("10.2.0.1/24"));
  EXPECT_THAT(addresses(plan, "c1", "eth0"), ElementsAre("10.2.0.2/24"));
  EXPECT_THAT(routes(plan, "c2"), ElementsAre("0.0.0.0/0 via 10.2.0.1 dev eth0"));
}

TEST(Plan, AddressesBothFamiliesFromThePoolWhenNoPrefixIsSaid) {
  Topology pair;
  const auto a = pair.host("a");
  const auto b = pair.host("b");
  pair.link(a, b);
  pair.link(a, b);
  const auto plan = make_plan(pair).value();
  EXPECT_THAT(addresses(plan, "b", "eth0"), ElementsAre("172.16.0.2/30", "fd6e:6574::2/64"));
  EXPECT_THAT(addresses(plan, "b", "eth1"), ElementsAre("172.16.0.6/30", "fd6e:6574:0:1::2/64"));
}

TEST(Plan, KeepsClearOfAddressesThatWereSaid) {
  Topology lan;
  const auto a = lan.host("a");
  const auto b = lan.host("b");
  lan.segment("lan", "10.0.0.0/24").join(a).join(b, {.address = "10.0.0.1/24"});
  EXPECT_THAT(addresses(make_plan(lan).value(), "a", "eth0"), ElementsAre("10.0.0.2/24"));
}

TEST(Plan, GivesRoutersTheLowNumbers) {
  Topology lan;
  const auto pc = lan.host("pc");
  const auto gw = lan.router("gw");
  lan.segment("lan", "10.0.0.0/24").join(pc, gw);
  EXPECT_THAT(addresses(make_plan(lan).value(), "gw", "eth0"), ElementsAre("10.0.0.1/24"));
}

TEST(Plan, GivesEachInterfaceAnIndexAndMacOfItsOwn) {
  Topology lan;
  lan.segment("lan").join(lan.host("a"), lan.host("b"), lan.host("c"));
  lan.segment("dmz").join(lan.host("d"), lan.host("e"));
  std::set<int> indexes;
  std::set<MacAddress> macs;
  std::size_t count = 0;
  const auto plan = make_plan(lan).value();
  for (const auto& node : plan.nodes) {
    for (const auto& interface : node.interfaces) {
      indexes.insert(interface.index);
      macs.insert(interface.mac);
      ++count;
    }
  }
  EXPECT_EQ(count, 9U);
  EXPECT_EQ(indexes.size(), count);
  EXPECT_EQ(macs.size(), count);
  EXPECT_EQ(*indexes.begin(), kFirstInterfaceIndex);
}

TEST(Plan, IsTheSameEveryTime) {
  const auto describe = [] {
    Topology office;
    const auto gw = office.router("gw");
    office.segment("lan").join(gw, office.host("a"), office.host("b"));
    office.link(gw, office.host("server"));
    return make_plan(office).value();
  };
  EXPECT_EQ(describe(), describe());
}

TEST(Plan, RoutesBetweenSubnetsAcrossTwoRouters) {
  Topology site;
  const auto left = site.host("left");
  const auto right = site.host("right");
  const auto r1 = site.router("r1");
  const auto r2 = site.router("r2");
  site.segment("one", "10.1.0.0/24").join(r1, left);
  site.segment("middle", "10.9.0.0/30").join(r1, r2);
  site.segment("two", "10.2.0.0/24").join(r2, right);
  const auto plan = make_plan(site).value();
  EXPECT_THAT(routes(plan, "left"), ElementsAre("0.0.0.0/0 via 10.1.0.1 dev eth0"));
  EXPECT_THAT(routes(plan, "r1"), ElementsAre("10.2.0.0/24 via 10.9.0.2 dev eth1"));
  EXPECT_THAT(routes(plan, "r2"), ElementsAre("10.1.0.0/24 via 10.9.0.1 dev eth0"));
}

TEST(Plan, OffersNoRouteInsideThroughAMasqueradingRouter) {
  Topology home;
  auto gw = home.router("gw");
  home.segment("lan", "192.168.1.0/24").join(gw, home.host("pc"));
  home.segment("wan", "203.0.113.0/24").join(gw, home.host("internet"));
  gw.masquerade("wan");
  const auto plan = make_plan(home).value();
  EXPECT_THAT(routes(plan, "internet"), IsEmpty());
  EXPECT_THAT(routes(plan, "pc"), ElementsAre("0.0.0.0/0 via 192.168.1.1 dev eth0"));
  ASSERT_EQ(plan.find("gw")->masquerades.size(), 1U);
  EXPECT_EQ(plan.find("gw")->masquerades[0].out.to_string(), "eth1");
}

TEST(Plan, PrefersTheFirstOfTwoDefaultGateways) {
  Topology lan;
  const auto a = lan.router("a");
  const auto b = lan.router("b");
  lan.segment("lan", "10.0.0.0/24").join(a, b, lan.host("pc"));
  EXPECT_THAT(routes(make_plan(lan).value(), "pc"),
              ElementsAre("0.0.0.0/0 via 10.0.0.1 dev eth0", "0.0.0.0/0 via 10.0.0.2 dev eth0 metric 100"));
}

TEST(Plan, LetsASaidDefaultRouteStandAlone) {
  Topology lan;
  auto pc = lan.host("pc");
  lan.segment("lan", "10.0.0.0/24").join(lan.router("gw"), pc);
  pc.default_route("10.0.0.77");
  EXPECT_THAT(routes(make_plan(lan).value(), "pc"), ElementsAre("0.0.0.0/0 via 10.0.0.77 dev eth0"));
}

TEST(Plan, PrefersTheFirstDefaultGatewayOfIpv6Too) {
  Topology lan;
  const auto a = lan.router("a");
  const auto b = lan.router("b");
  lan.segment("lan", "fd00::/64").join(a, b, lan.host("pc"));  // no metric is 1024 to the kernel
  EXPECT_THAT(routes(make_plan(lan).value(), "pc"),
              ElementsAre("::/0 via fd00::1 dev eth0", "::/0 via fd00::2 dev eth0 metric 1124"));
}

TEST(Plan, GivesRoutersInARingAWayRoundEachLink) {
  Topology ring;
  const auto r1 = ring.router("r1");
  const auto r2 = ring.router("r2");
  const auto r3 = ring.router("r3");
  ring.segment("lan1", "10.1.0.0/24").join(r1, ring.host("h1"));
  ring.segment("lan2", "10.2.0.0/24").join(r2, ring.host("h2"));
  ring.link(r1, r2, "10.12.0.0/30");
  ring.link(r2, r3, "10.23.0.0/30");
  ring.link(r1, r3, "10.13.0.0/30");
  const auto plan = make_plan(ring).value();
  EXPECT_THAT(routes(plan, "r1"), ::testing::IsSupersetOf({"10.2.0.0/24 via 10.12.0.2 dev eth1",
                                                           "10.2.0.0/24 via 10.13.0.2 dev eth2 metric 100"}));
  EXPECT_THAT(routes(plan, "r2"), Contains("10.1.0.0/24 via 10.23.0.2 dev eth2 metric 100"));
}

TEST(Plan, GivesNoBackupThatWouldSendPacketsBack) {
  Topology stub;
  const auto core = stub.router("core");
  const auto leaf = stub.router("leaf");
  stub.segment("lan", "10.1.0.0/24").join(core, stub.host("pc"));
  stub.link(core, leaf, "10.2.0.0/30");
  EXPECT_THAT(routes(make_plan(stub).value(), "core"), IsEmpty());
}

TEST(Plan, ReachesAHostOnTwoLinksByEither) {
  Topology office;
  const auto pc = office.host("pc"), server = office.host("server");
  const auto a = office.router("a"), b = office.router("b");
  office.segment("lan", "10.1.0.0/24").join(pc, a, b);
  office.link(a, server, "10.2.0.0/30");
  office.link(b, server, "10.3.0.0/30").metric(200);
  const auto plan = make_plan(office).value();
  EXPECT_THAT(routes(plan, "a"), ElementsAre("10.3.0.0/30 via 10.1.0.2 dev eth0", "10.3.0.2/32 via 10.2.0.2 dev eth1",
                                             "10.2.0.0/30 via 10.1.0.2 dev eth0 metric 100"));
  EXPECT_THAT(routes(plan, "b"), Contains("10.2.0.2/32 via 10.3.0.2 dev eth1 metric 200"));
}

TEST(Plan, TakesAMetricSaidBeforeTheMembersJoin) {
  Topology lan;
  const auto gw = lan.router("gw");
  const auto pc = lan.host("pc");
  const auto phone = lan.host("phone");
  lan.segment("lan", "10.0.0.0/24").metric(50).join(gw, pc).join(phone, {.metric = 7});
  const auto plan = make_plan(lan).value();
  EXPECT_THAT(routes(plan, "pc"), ElementsAre("0.0.0.0/0 via 10.0.0.1 dev eth0 metric 50"));
  EXPECT_THAT(routes(plan, "phone"), ElementsAre("0.0.0.0/0 via 10.0.0.1 dev eth0 metric 7"));
}

TEST(Plan, TakesFromThePoolWhatNobodyWasGiven) {
  Topology pair;
  const auto a = pair.host("a");
  const auto b = pair.host("b");
  const auto c = pair.host("c");
  pair.link(a, b);
  pair.link(a, c, "172.16.0.0/29, fd6e:6574::/64");
  EXPECT_THAT(addresses(make_plan(pair).value(), "b", "eth0"), ElementsAre("172.16.0.10/30", "fd6e:6574:0:1::2/64"));
}

TEST(Plan, NamesEveryNodeInTheHostsFile) {
  Topology pair;
  pair.link(pair.host("a"), pair.host("b"), "10.0.0.0/30, fd00::/64");
  EXPECT_THAT(make_plan(pair).value().hosts_file(), ::testing::HasSubstr("10.0.0.2 b\nfd00::2 b\n"));
}

TEST(Plan, TrunksMakeOneBroadcastDomainWithOneNumbering) {
  Topology campus;
  auto east = campus.segment("east", "10.0.0.0/24").join(campus.host("a"), campus.host("b"));
  auto west = campus.segment("west", "10.0.0.0/24").join(campus.host("c"), campus.host("d"));
  campus.trunk(east, west);
  const auto plan = make_plan(campus).value();
  EXPECT_THAT(addresses(plan, "d", "eth0"), ElementsAre("10.0.0.4/24"));
  EXPECT_NE(plan.find("east")->find("west"), nullptr);
}

}  // namespace
}  // namespace netrig
