// What routes, the rules that choose them, forwarding settings and the reverse-path filter decide, as explain() tells
// it: by the kernel's answer for exactly that packet. A client, a gateway, a server; both families.
#include <netrig/topology/explain.h>
#include <netrig/topology/lab.h>
#include <netrig/topology/test_topologies.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace netrig {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using traffic::icmp;
using traffic::tcp;

namespace in_routes {  // the names are those of other tests of explain()

// Long: only what is not explained by evidence waits for it.
constexpr ExplainOptions kPatient{.patience = 30s};

class RoutesTest : public ::testing::Test {
 protected:
  static IpPrefix lan(AddressFamily family) { return prefix(family, "10.0.1.0/24", "fd00:1::/64"); }
  static IpPrefix dmz(AddressFamily family) { return prefix(family, "10.0.2.0/24", "fd00:2::/64"); }
  static IpPrefix prefix(AddressFamily family, const char* v4, const char* v6) {
    return IpPrefix::parse(family == AddressFamily::ipv4 ? v4 : v6).value();
  }
  static netlink::Device device(const char* name) { return {.name = value_or_throw(InterfaceName::parse(name))}; }

  [[nodiscard]] Path asked(AddressFamily family, const traffic::Service& service = tcp(80)) const {
    return explain(client_, server_.address(family), service, kPatient);
  }
  // Neighbours are asked for before routes are changed: ARP obeys the reverse-path filter too.
  void know_each_other() const {
    for (const auto family : kAddressFamilies) ASSERT_TRUE(asked(family).answered());
  }
  void remove_route(const Node& node, const IpPrefix& destination) const {
    for (const auto& route : node.snapshot().routes) {
      if (route.destination == destination) node.remove_route(route);
    }
  }

  const Lab lab_{test::behind_a_gateway()};
  const Node client_ = lab_["client"], gw_ = lab_["gw"], server_ = lab_["server"];
  const traffic::Listener web_ = server_.listen(tcp(80));
};

class ExplainRoutesTest : public RoutesTest, public ::testing::WithParamInterface<AddressFamily> {
 protected:
  [[nodiscard]] static bool v4() { return GetParam() == AddressFamily::ipv4; }
  [[nodiscard]] Path asked() const { return RoutesTest::asked(GetParam()); }
};

std::string family_name(const ::testing::TestParamInfo<AddressFamily>& family) {
  return family.param == AddressFamily::ipv4 ? "IPv4" : "IPv6";
}
INSTANTIATE_TEST_SUITE_P(Families, ExplainRoutesTest, ::testing::Values(AddressFamily::ipv4, AddressFamily::ipv6),
                         family_name);

TEST_P(ExplainRoutesTest, ARuleForTheSourceIsBlamedWhereTheMainTableHasAWay) {
  gw_.add_rule({.family = GetParam(), .from = lan(GetParam()), .table = 100});
  gw_.add_route({.destination = dmz(GetParam()), .type = netlink::RouteType::blackhole, .table = 100});
  const auto path = asked();
  EXPECT_EQ(path.verdict, Verdict::no_route) << path;
  EXPECT_EQ(path.node, "gw");
  EXPECT_THAT(path.reason, AllOf(StartsWith("the routes of \"gw\" refuse " + server_.address(GetParam()).to_string() +
                                            " from " + client_.address(GetParam()).to_string() + " in by eth0"),
                                 HasSubstr("`ip rule`")));
  EXPECT_TRUE(path.proven) << path;
}

TEST_P(ExplainRoutesTest, ARuleForTheIncomingInterfaceIsBlamed) {
  gw_.add_rule({.family = GetParam(), .incoming = device("eth0").name, .table = 100});
  gw_.add_route({.destination = dmz(GetParam()), .type = netlink::RouteType::blackhole, .table = 100});
  EXPECT_EQ(asked().verdict, Verdict::no_route);
  // What the gateway itself sends meets no such rule.
  EXPECT_EQ(explain(gw_, server_.address(GetParam()), tcp(80), kPatient).verdict, Verdict::accepted);
}

// IPv6 chooses the route before the source.
TEST_P(ExplainRoutesTest, ARuleForTheSendersOwnSourceIsBlamedWhereItCounts) {
  client_.add_rule({.family = GetParam(), .from = lan(GetParam()), .table = 100});
  client_.add_route({.destination = dmz(GetParam()), .type = netlink::RouteType::unreachable, .table = 100});
  const auto path = asked();
  EXPECT_EQ(path.verdict, v4() ? Verdict::no_route : Verdict::accepted) << path;
  EXPECT_THAT(path.reason, HasSubstr(v4() ? "the routes of \"client\" refuse" : "connected to"));
}

TEST_P(ExplainRoutesTest, ARuleForTheAnswersSourceIsBlamed) {
  server_.add_rule({.family = GetParam(), .from = dmz(GetParam()), .table = 100});
  server_.add_route({.destination = lan(GetParam()), .type = netlink::RouteType::blackhole, .table = 100});
  const auto path = asked();
  EXPECT_EQ(path.verdict, Verdict::no_route) << path;
  EXPECT_THAT(path.reason, HasSubstr("on the way back: the routes of \"server\" refuse"));
}

TEST_P(ExplainRoutesTest, TheWayThatARuleChoosesIsNotBlamedForTheMainTables) {
  gw_.add_rule({.family = GetParam(), .incoming = device("eth0").name, .table = 100});
  gw_.add_route({.destination = dmz(GetParam()), .hops = {{.device = device("eth1")}}, .table = 100});
  remove_route(gw_, dmz(GetParam()));
  server_.set_sysctl(v4() ? "net.ipv4.icmp_echo_ignore_all" : "net.ipv6.icmp.echo_ignore_all", "1");
  const auto path = RoutesTest::asked(GetParam(), icmp());
  EXPECT_EQ(path.verdict, Verdict::ignored) << path;
  EXPECT_EQ(path.node, "server");
  EXPECT_TRUE(path.proven) << path;
}

// The filter that nftables' own expression makes is a rule as any other.
TEST_P(ExplainRoutesTest, AReversePathFilterOfRulesIsNamedAsARule) {
  know_each_other();
  gw_.load_ruleset_text(
      "table inet t { chain guard { type filter hook prerouting priority raw; fib saddr . iif oif missing drop; }; }");
  EXPECT_EQ(asked().verdict, Verdict::accepted);
  remove_route(gw_, lan(GetParam()));
  gw_.add_route({.destination = lan(GetParam()), .hops = {{.device = device("eth1")}}});
  const auto path = asked();
  EXPECT_EQ(path.verdict, Verdict::dropped) << path;
  EXPECT_THAT(path.reason, HasSubstr("rule 1"));
}

TEST_P(ExplainRoutesTest, WhatIsNotForwardedIsCountedByTheKernel) {
  gw_.set_forwarding(GetParam(), false);
  const auto path = asked();
  EXPECT_EQ(path.verdict, Verdict::not_forwarded) << path;
  EXPECT_THAT(path.state, Contains(HasSubstr(v4() ? "probe: IpInAddrErrors +" : "probe: Ip6InAddrErrors +"))) << path;
}

// The canary of a node's trace takes its loopback: without it nobody knows what the trace did not see.
TEST_P(ExplainRoutesTest, WhatATraceCannotSeeIsNotVouchedFor) {
  EXPECT_TRUE(asked().vouched);
  const auto loopback = InterfaceAddress::parse("127.0.0.1/8").value();
  gw_.remove_address("lo", loopback);
  const auto path = asked();
  EXPECT_EQ(path.verdict, Verdict::accepted) << path;
  EXPECT_FALSE(path.vouched) << path;
  gw_.add_address("lo", loopback);
  EXPECT_TRUE(asked().vouched);
}

class ReversePathTest : public RoutesTest {
 protected:
  // Packets of the client come in by eth0 still.
  void lead_the_way_back_through_eth1() const {
    remove_route(gw_, lan(AddressFamily::ipv4));
    gw_.add_route({.destination = lan(AddressFamily::ipv4), .hops = {{.device = device("eth1")}}});
  }
  [[nodiscard]] Path asked() const { return RoutesTest::asked(AddressFamily::ipv4); }
};

TEST_F(ReversePathTest, StrictItNamesTheSettingAndTheRouteBack) {
  know_each_other();
  lead_the_way_back_through_eth1();
  for (const std::string where : {"all", "eth0"}) {
    gw_.set_sysctl("net.ipv4.conf." + where + ".rp_filter", "1");
    for (const auto& service : {tcp(80), icmp()}) {
      const auto path = RoutesTest::asked(AddressFamily::ipv4, service);
      EXPECT_EQ(path.verdict, Verdict::reverse_path) << path;
      EXPECT_EQ(path.node, "gw");
      EXPECT_EQ(path.reason,
                "\"gw\" refuses the source 10.0.1.2 on eth0 (reverse-path filter): net.ipv4.conf." + where +
                    ".rp_filter is 1 (strict), and the route to 10.0.1.2 leads through eth1; route "
                    "10.0.1.2 through eth0, or set rp_filter of both all and eth0 to 2 (loose) or 0 (off)");
      EXPECT_EQ(to_string(path.there), "client eth0 -> gw eth0");
      EXPECT_TRUE(path.proven && path.vouched) << path;
      EXPECT_THAT(path.state, Contains(StartsWith("\"gw\" counted another such probe: TcpExtIPReversePathFilter +")));
    }
    gw_.set_sysctl("net.ipv4.conf." + where + ".rp_filter", "0");
  }
}

TEST_F(ReversePathTest, LooseItRefusesOnlyASourceWithoutARoute) {
  know_each_other();
  gw_.set_sysctl("net.ipv4.conf.all.rp_filter", "2");
  remove_route(gw_, lan(AddressFamily::ipv4));
  const auto path = asked();
  EXPECT_EQ(path.verdict, Verdict::reverse_path) << path;
  EXPECT_THAT(path.reason, AllOf(HasSubstr("net.ipv4.conf.all.rp_filter is 2 (loose), and no route leads to 10.0.1.2"),
                                 EndsWith("set rp_filter of both all and eth0 to 0 (off)")));
}

// The mark of a packet chooses its way back (src_valid_mark), which no look at routes shows: the kernel's count does.
TEST_F(ReversePathTest, ItsCounterTellsWhatSettingsDoNot) {
  know_each_other();
  gw_.load_ruleset_text("table inet t { chain marks { type filter hook prerouting priority mangle; mark set 7; }; }");
  gw_.add_rule({.family = AddressFamily::ipv4, .mark = 7, .table = 100});
  gw_.add_route({.destination = lan(AddressFamily::ipv4), .hops = {{.device = device("eth1")}}, .table = 100});
  gw_.set_sysctl("net.ipv4.conf.all.src_valid_mark", "1");
  gw_.set_sysctl("net.ipv4.conf.all.rp_filter", "1");
  const auto path = explain(client_, server_.address(AddressFamily::ipv4), tcp(80), {.patience = 100ms});
  EXPECT_EQ(path.verdict, Verdict::reverse_path) << path;
  EXPECT_EQ(path.reason,
            "\"gw\" refuses the source 10.0.1.2 (reverse-path filter): TcpExtIPReversePathFilter counted it");
  EXPECT_TRUE(path.proven) << path;
}

TEST_F(ReversePathTest, ADestinationRefusesToo) {
  know_each_other();
  server_.set_sysctl("net.ipv4.conf.all.rp_filter", "2");
  for (const auto& route : server_.snapshot().routes) {
    if (route.destination.is_v4() && route.destination.length() == 0) server_.remove_route(route);
  }
  const auto path = asked();
  EXPECT_EQ(path.verdict, Verdict::reverse_path) << path;
  EXPECT_EQ(path.node, "server");
}

// A client with two ways out; the server answers by the other one.
TEST(AsymmetricRoutes, TheAnswerIsRefusedByTheClientsReversePathFilter) {
  Topology plan;
  const auto client = plan.host("client"), server = plan.host("server");
  const auto one = plan.router("one"), two = plan.router("two");
  plan.link(client, one, "10.0.1.0/24");
  plan.link(client, two, "10.0.2.0/24");
  plan.link(one, server, "10.0.3.0/24");
  plan.link(two, server, "10.0.4.0/24");
  const Lab lab{plan};
  const auto near = IpPrefix::parse("10.0.1.0/24").value(), far = IpPrefix::parse("10.0.3.0/24").value();
  const auto via = [](const Node& node, const char* interface) {
    return std::vector<netlink::NextHop>{{.via = node.address(interface, AddressFamily::ipv4)}};
  };
  lab["client"].add_route({.destination = far, .hops = via(lab["one"], "eth0"), .metric = 1});
  lab["server"].add_route({.destination = near, .hops = via(lab["two"], "eth1"), .metric = 1});
  lab["two"].add_route({.destination = near, .hops = via(lab["client"], "eth1"), .metric = 1});
  lab["two"].add_route({.destination = far, .hops = via(lab["server"], "eth1"), .metric = 1});
  const auto web = lab["server"].listen(tcp(80));
  const auto to = lab["server"].address("eth0", AddressFamily::ipv4);
  ASSERT_TRUE(explain(lab["client"], to, tcp(80), kPatient).answered());
  lab["client"].set_sysctl("net.ipv4.conf.all.rp_filter", "1");
  const auto path = explain(lab["client"], to, tcp(80), kPatient);
  EXPECT_EQ(path.verdict, Verdict::reverse_path) << path;
  EXPECT_EQ(path.node, "client") << path;
  EXPECT_THAT(path.reason, StartsWith("on the way back: \"client\" refuses the source 10.0.3.2 on eth1"));
  EXPECT_TRUE(path.proven) << path;
}

// The gateway answers ARP for the address of its other interface, whose settings the packet never meets.
TEST_F(ReversePathTest, OfAnInterfaceThatThePacketDidNotComeInByItIsNotBlamed) {
  const auto far = gw_.address("eth1", AddressFamily::ipv4);
  client_.add_route({.destination = IpPrefix::parse("10.0.2.1/32").value(), .hops = {{.device = device("eth0")}}});
  ASSERT_EQ(far.to_string(), "10.0.2.1");
  ASSERT_TRUE(explain(client_, far, icmp(), kPatient).answered());
  gw_.set_sysctl("net.ipv4.conf.eth1.rp_filter", "1");
  gw_.set_sysctl("net.ipv4.icmp_echo_ignore_all", "1");
  const auto path = explain(client_, far, icmp(), kPatient);
  EXPECT_EQ(path.verdict, Verdict::ignored) << path;
  EXPECT_THAT(path.reason, StartsWith("\"gw\" ignores echo requests")) << path;
  EXPECT_TRUE(path.proven) << path;
}

using ForwardingTest = RoutesTest;

TEST_F(ForwardingTest, OfIPv4IsTheIncomingInterfacesOwn) {
  gw_.set_sysctl("net.ipv4.conf.eth0.forwarding", "0");
  const auto path = asked(AddressFamily::ipv4);
  EXPECT_EQ(path.verdict, Verdict::not_forwarded) << path;
  EXPECT_EQ(path.reason, "\"gw\" does not forward IPv4 that comes in by eth0: net.ipv4.conf.eth0.forwarding is 0");
  const auto seen = gw_.snapshot();
  EXPECT_TRUE(seen.forwards(AddressFamily::ipv4));
  EXPECT_FALSE(seen.forwards(AddressFamily::ipv4, "eth0"));
  EXPECT_TRUE(seen.forwards(AddressFamily::ipv4, "eth1"));
}

TEST_F(ForwardingTest, OnTheWayBackItIsTheOtherInterfaces) {
  gw_.set_sysctl("net.ipv4.conf.eth1.forwarding", "0");
  EXPECT_EQ(asked(AddressFamily::ipv4).reason,
            "on the way back: \"gw\" does not forward IPv4 that comes in by eth1: net.ipv4.conf.eth1.forwarding is 0");
}

// ip-sysctl.rst: conf/IF/forwarding makes an interface a router's or a host's, and forwards nothing.
TEST_F(ForwardingTest, OfIPv6IsTheNodesWhateverTheInterfaceSays) {
  gw_.set_sysctl("net.ipv6.conf.eth0.forwarding", "0");
  EXPECT_EQ(asked(AddressFamily::ipv6).verdict, Verdict::accepted);
  gw_.set_forwarding(AddressFamily::ipv6, false);
  gw_.set_sysctl("net.ipv6.conf.eth0.forwarding", "1");
  const auto path = asked(AddressFamily::ipv6);
  EXPECT_EQ(path.verdict, Verdict::not_forwarded) << path;
  EXPECT_EQ(path.reason, "\"gw\" does not forward IPv6: net.ipv6.conf.all.forwarding is 0");
}

}  // namespace in_routes
}  // namespace
}  // namespace netrig
