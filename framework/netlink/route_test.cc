#include <netrig/net/literals.h>
#include <netrig/netlink/batch.h>
#include <netrig/netlink/link.h>
#include <netrig/netlink/route.h>
#include <netrig/netlink/test_namespace.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <sched.h>

namespace netrig::netlink {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

constexpr Device kUplink{.index = 20};

class RouteTest : public testing::Test {
 protected:
  RouteTest() {
    Batch batch{socket()};
    batch.change_link({.device = {.index = 1}, .up = true});
    batch.add_link({.name = "eth0"_interface, .index = 20}, Veth{.peer = {.name = "far"_interface, .index = 21}});
    // No link-local addresses: they would become ready in the middle of a comparison.
    batch.change_link({.device = kUplink, .up = true, .addr_gen_mode = AddrGenMode::none});
    batch.change_link({.device = {.index = 21}, .up = true, .addr_gen_mode = AddrGenMode::none});
    batch.settle_link(kUplink).settle_link({.index = 21});  // else the kernel may tell the state of before
    batch.add(Address{.device = kUplink, .local = "10.0.0.1/24"_ifaddr});
    batch.add(Address{.device = kUplink, .local = "fd00::1/64"_ifaddr, .no_dad = true});
    TestNamespace::send(batch);
  }
  Socket& socket() { return here_.socket(); }
  void add(const Route& route) {
    Batch batch{socket()};
    TestNamespace::send(batch.add(route));
  }
  /// The one route to `destination` in any table.
  Route route_to(const IpPrefix& destination) {
    for (const Route& route : value_or_throw(dump_routes(socket(), {.table = {}}))) {
      if (route.destination == destination) return route;
    }
    ADD_FAILURE() << "no route to " << destination;
    return {};
  }

  TestNamespace here_;
};

TEST_F(RouteTest, DefaultRoutesOfBothFamilies) {
  add({.destination = "0.0.0.0/0"_net, .hops = {{.via = "10.0.0.2"_ip}}});
  add({.destination = "::/0"_net, .hops = {{.via = "fd00::2"_ip}}});
  EXPECT_EQ(route_to("0.0.0.0/0"_net).to_string(), "default via 10.0.0.2 dev eth0");
  EXPECT_EQ(route_to("::/0"_net).to_string(), "default via fd00::2 dev eth0 metric 1024 pref medium");
}

TEST_F(RouteTest, OnlinkGatewayNeedsNoPrefix) {
  add({.destination = "10.9.0.0/16"_net, .hops = {{.via = "192.0.2.1"_ip, .device = kUplink, .onlink = true}}});
  EXPECT_TRUE(route_to("10.9.0.0/16"_net).hops.at(0).onlink);
}

TEST_F(RouteTest, MultipathKeepsItsHops) {
  for (const bool is_v4 : {true, false}) {
    const IpPrefix destination = is_v4 ? "10.7.0.0/16"_net : "fd07::/64"_net;
    const IpAddress first = is_v4 ? "10.0.0.7"_ip : "fd00::7"_ip, second = is_v4 ? "10.0.0.8"_ip : "fd00::8"_ip;
    add({.destination = destination, .hops = {{.via = first, .weight = 3}, {.via = second, .device = kUplink}}});
    const Route seen = route_to(destination);
    ASSERT_THAT(seen.hops, SizeIs(2));
    EXPECT_EQ(seen.hops[0].via, first);
    EXPECT_EQ(seen.hops[0].weight, 3U);
    EXPECT_EQ(seen.hops[1].via, second);
    EXPECT_EQ(seen.hops[1].device.name, "eth0"_interface);
  }
}

TEST_F(RouteTest, GatewayOfTheOtherFamily) {
  add({.destination = "10.8.0.0/16"_net, .hops = {{.via = "fe80::5"_ip, .device = kUplink}}});
  EXPECT_EQ(route_to("10.8.0.0/16"_net).to_string(), "10.8.0.0/16 via inet6 fe80::5 dev eth0");
}

TEST_F(RouteTest, MetricsAreKept) {
  const RouteMetrics metrics{.mtu = 1300,
                             .advertised_mss = 1200,
                             .initial_congestion_window = 20,
                             .mtu_locked = true,
                             .congestion_control = "reno"};
  add({.destination = "10.9.0.0/16"_net,
       .hops = {{.via = "10.0.0.2"_ip}},
       .metric = 7,
       .preferred_source = "10.0.0.1"_ip,
       .metrics = metrics});
  const Route seen = route_to("10.9.0.0/16"_net);
  EXPECT_EQ(seen.metrics, metrics);
  EXPECT_EQ(seen.metric, 7U);
  EXPECT_EQ(seen.preferred_source, "10.0.0.1"_ip);
}

TEST_F(RouteTest, LivesInItsTable) {
  for (const std::uint32_t table : {100U, 70000U}) {
    add({.destination = "10.9.0.0/16"_net, .hops = {{.device = kUplink}}, .table = table});
    const auto listed = dump_routes(socket(), {.table = table}).value();
    ASSERT_THAT(listed, SizeIs(1));
    EXPECT_EQ(listed[0].table, table);
  }
}

TEST_F(RouteTest, ATableThatDoesNotExistIsEmpty) {
  EXPECT_THAT(dump_routes(socket(), {.table = 4711}).value(), IsEmpty());
}

TEST_F(RouteTest, DumpsAreFilteredByFamilyTypeAndProtocol) {
  add({.destination = "10.9.0.0/16"_net, .type = RouteType::blackhole, .protocol = RouteProtocol::static_});
  add({.destination = "fd09::/64"_net, .type = RouteType::blackhole, .protocol = RouteProtocol::static_});
  EXPECT_THAT(dump_routes(socket(), {.type = RouteType::blackhole}).value(), SizeIs(2));
  EXPECT_THAT(dump_routes(socket(), {.protocol = RouteProtocol::static_}).value(), SizeIs(2));
  EXPECT_THAT(dump_routes(socket(), {.family = AddressFamily::ipv6, .protocol = RouteProtocol::static_}).value(),
              SizeIs(1));
  for (const Route& route : value_or_throw(dump_routes(socket(), {.table = {}, .device = kUplink}))) {
    EXPECT_EQ(route.hops.at(0).device.index, 20U);
  }
}

TEST_F(RouteTest, ReplacedChangedAppendedAndRemoved) {
  const Route first{.destination = "10.9.0.0/16"_net, .hops = {{.via = "10.0.0.2"_ip}}};
  Route second = first;
  second.hops[0].via = "10.0.0.3"_ip;
  Batch batch{socket()};
  EXPECT_EQ(batch.change(first).send().error().code, ENOENT);
  TestNamespace::send(batch.replace(first));
  EXPECT_EQ(batch.add(second).send().error().code, EEXIST);
  TestNamespace::send(batch.change(second));
  EXPECT_EQ(route_to(first.destination).hops.at(0).via, "10.0.0.3"_ip);
  TestNamespace::send(batch.append(first));
  EXPECT_EQ(batch.append(first).send().error().code, EEXIST);
  TestNamespace::send(batch.remove(first).remove(second));
  EXPECT_EQ(batch.remove(first).send().error().code, ESRCH);
}

TEST_F(RouteTest, WhatADumpGivesCanBeRemoved) {
  add({.destination = "10.9.0.0/16"_net, .hops = {{.via = "10.0.0.2"_ip}}, .table = 100, .metric = 5});
  add({.destination = "fd09::/64"_net, .hops = {{.via = "fd00::2"_ip}, {.via = "fd00::3"_ip}}, .table = 100});
  Batch batch{socket()};
  for (const Route& route : value_or_throw(dump_routes(socket(), {.table = 100}))) batch.remove(route);
  TestNamespace::send(batch);
  EXPECT_THAT(dump_routes(socket(), {.table = 100}).value(), IsEmpty());
}

TEST_F(RouteTest, LookupSaysWhichRouteIsTaken) {
  add({.destination = "10.9.0.0/16"_net, .hops = {{.via = "10.0.0.2"_ip}}});
  add({.destination = "fd09::/64"_net, .hops = {{.via = "fd00::2"_ip}}});
  const Route taken = lookup_route(socket(), {.destination = "10.9.1.1"_ip}).value();
  EXPECT_EQ(taken.hops.at(0).via, "10.0.0.2"_ip);
  EXPECT_EQ(taken.preferred_source, "10.0.0.1"_ip);
  EXPECT_EQ(taken.hops.at(0).device.name, "eth0"_interface);
  const Route taken6 = value_or_throw(lookup_route(socket(), {.destination = "fd09::5"_ip}));
  EXPECT_EQ(taken6.hops.at(0).via, "fd00::2"_ip);
  EXPECT_EQ(value_or_throw(lookup_route(socket(), {.destination = "10.0.0.1"_ip})).type, RouteType::local);
}

TEST_F(RouteTest, LookupFailsAsASenderWould) {
  add({.destination = "10.9.0.0/16"_net, .type = RouteType::unreachable});
  add({.destination = "10.10.0.0/16"_net, .type = RouteType::prohibit});
  add({.destination = "10.11.0.0/16"_net, .type = RouteType::blackhole});
  const auto error_of = [&](const IpAddress& address) {
    return lookup_route(socket(), {.destination = address}).error();
  };
  EXPECT_EQ(error_of("10.9.0.1"_ip).code, EHOSTUNREACH);
  EXPECT_EQ(error_of("10.10.0.1"_ip).code, EACCES);
  EXPECT_EQ(error_of("10.11.0.1"_ip).code, EINVAL);
  EXPECT_EQ(error_of("192.0.2.1"_ip).message(),
            "get route 192.0.2.1 in \"test\": ENETUNREACH (Network is unreachable)");
  EXPECT_EQ(error_of("2001:db8::1"_ip).code, ENETUNREACH);
}

TEST_F(RouteTest, AreListedAsIpListsThem) {
  NETRIG_NEEDS_TOOL("ip");
  add({.destination = "10.5.0.0/16"_net,
       .hops = {{.via = "10.0.0.9"_ip}},
       .metric = 7,
       .metrics = {.mtu = 1300, .mtu_locked = true, .congestion_control = "reno"}});
  add({.destination = "10.6.0.0/16"_net, .type = RouteType::blackhole});
  add({.destination = "10.6.0.1/32"_net,
       .hops = {{.via = "10.0.0.9"_ip}},
       .table = 77,
       .protocol = RouteProtocol::static_,
       .tos = 0x10});
  add({.destination = "10.7.0.0/16"_net,
       .hops = {{.via = "10.0.0.7"_ip, .weight = 2}, {.via = "10.0.0.8"_ip, .device = kUplink, .onlink = true}}});
  add({.destination = "10.8.0.0/16"_net, .hops = {{.via = "fe80::5"_ip, .device = kUplink}}});
  add({.destination = "::/0"_net, .hops = {{.via = "fd00::9"_ip}}});
  add({.destination = "fd77::/64"_net, .type = RouteType::unreachable});
  add({.destination = "fd78::/64"_net,
       .hops = {{.via = "fd00::7"_ip}, {.via = "fd00::8"_ip}},
       .preferred_source = "fd00::1"_ip});
  // The kernel makes an IPv6 address's local route in its own time and tells nobody.
  const auto is_own = [](const Route& route) { return route.destination == "fd00::1/128"_net; };
  while (std::ranges::none_of(value_or_throw(dump_routes(socket(), {.table = kLocalTable})), is_own)) ::sched_yield();
  std::string text;
  for (const Route& route : value_or_throw(dump_routes(socket(), {.table = {}}))) text += route.to_string() + "\n";
  EXPECT_EQ(text, here_.tool("ip route show table all"));
}

TEST_F(RouteTest, LookupsPrintAsIpPrintsThem) {
  NETRIG_NEEDS_TOOL("ip");
  add({.destination = "::/0"_net, .hops = {{.via = "fd00::9"_ip}}});
  for (const IpAddress& address : {"10.0.0.9"_ip, "10.0.0.1"_ip, "fd55::1"_ip, "fd00::9"_ip}) {
    const Route taken = lookup_route(socket(), {.destination = address}).value();
    EXPECT_EQ(taken.to_string() + "\n", here_.tool("ip route get " + address.to_string() + " | head -n 1"));
  }
}

}  // namespace
}  // namespace netrig::netlink
