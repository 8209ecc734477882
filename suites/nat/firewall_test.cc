// What the firewall presets (nft/presets_firewall.h) do to packets, behaviour by behaviour, in both address families.
#include <netrig/nft/conntrack.h>
#include <netrig/nft/list.h>
#include <netrig/nft/presets.h>
#include <netrig/suites/nat/home.h>
#include <netrig/suites/nat/raw_packet.h>
#include <netrig/suites/nat/witness.h>
#include <netrig/topology/explain.h>

#include <regex>

namespace netrig {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::Le;

class RouterFirewallPreset : public HomeTest {
 protected:
  static nft::RouterFirewall settings() { return {.inside = kInside, .outside = kOutside}; }
  void SetUp() override {
    HomeTest::SetUp();
    if (!IsSkipped()) load_counted(nft::router_firewall(settings()));
  }
  void expect_counted(std::string_view comment) {
    EXPECT_TRUE(eventually(10s, [&] { return count_of(comment) > 0; })) << comment;
  }
};

TEST_F(RouterFirewallPreset, IsWhatNftLists) { expect_nft_lists(gw(), counted(nft::router_firewall(settings()))); }

TEST_F(RouterFirewallPreset, LetsTheInsideOut) {
  proves("what is inside reaches the outside and is answered");
  const auto web = server().listen(tcp(80));
  const auto names = server().listen(udp(53));
  for (const auto& service : {icmp(), tcp(80), udp(53)}) EXPECT_THAT(pc(), CanReach(server(), service));
}

TEST_F(RouterFirewallPreset, DropsUnsolicitedDatagrams) {
  EXPECT_THAT(server(), CannotReach(pc(), udp(9000), Because(Verdict::dropped).by_policy().at(gw())));
}

TEST_F(RouterFirewallPreset, RefusesUnsolicitedConnectionsSoThatTheyFailAtOnce) {
  EXPECT_THAT(
      server(),
      CannotReach(pc(), tcp(22),
                  Because(Verdict::rejected).with("admin-prohibited").by("RFC 6092 3.3.1 REC-34: unsolicited SYN")));
}

TEST_F(RouterFirewallPreset, LetsEchoRequestsInByIpv6Only) {
  EXPECT_THAT(server(), CanReach(pc().address(AddressFamily::ipv6), icmp()));
  EXPECT_THAT(server(), CannotReach(pc().address(AddressFamily::ipv4), icmp(), Because(Verdict::dropped).by_policy()));
}

TEST_F(RouterFirewallPreset, AnswersEchoRequestsAndNothingElseOutside) {
  for (const auto family : kFamilies) {
    const auto router = gw().address("wan", family);
    EXPECT_THAT(server(), CanReach(router, icmp()));
    for (const auto& service : {udp(53), tcp(53), udp(547), tcp(22)}) {
      EXPECT_THAT(server(), CannotReach(router, service, Because(Verdict::dropped).by_policy()));
    }
  }
}

TEST_F(RouterFirewallPreset, ServesTheInside) {
  const auto names = gw().listen(udp(53));
  for (const auto family : kFamilies) EXPECT_THAT(pc(), CanReach(gw().address("lan", family), udp(53)));
}

TEST_F(RouterFirewallPreset, DropsSourcesThatAreNotTheInsides) {
  pc().add_address("eth0", "192.0.2.9/32"_ifaddr);
  pc().add_address("eth0", "2001:db8:bad::9/128"_ifaddr);
  pc().add_route({.destination = "203.0.113.2/32"_net,
                  .hops = {{.via = gw().address("lan", AddressFamily::ipv4)}},
                  .preferred_source = "192.0.2.9"_ip});
  pc().add_route({.destination = "2001:db8:113::2/128"_net,
                  .hops = {{.via = gw().address("lan", AddressFamily::ipv6)}},
                  .preferred_source = "2001:db8:bad::9"_ip});
  EXPECT_THAT(pc(),
              CannotReach(server(), udp(53), Because(Verdict::dropped).by("RFC 6092 3.1 REC-5, REC-6: forged source")));
}

TEST_F(RouterFirewallPreset, DropsInsideSourcesThatComeFromOutside) {
  server().add_address("eth0", "198.51.100.77/32"_ifaddr);
  server().add_address("eth0", "2001:db8:1::77/128"_ifaddr);
  server().add_route({.destination = "198.51.100.2/32"_net,
                      .hops = {{.via = gw().address("wan", AddressFamily::ipv4)}},
                      .preferred_source = "198.51.100.77"_ip});
  server().add_route({.destination = "2001:db8:1::2/128"_net,
                      .hops = {{.via = gw().address("wan", AddressFamily::ipv6)}},
                      .preferred_source = "2001:db8:1::77"_ip});
  EXPECT_THAT(server(),
              CannotReach(pc(), udp(9000), Because(Verdict::dropped).by("RFC 6092 3.1 REC-5, REC-6: forged source")));
}

// A network beyond the router whose addresses no public network has.
class RouterFirewallPresetAgainst : public RouterFirewallPreset {
 protected:
  void put_beyond(const InterfaceAddress& router, const InterfaceAddress& server_address) {
    gw().add_address("wan", router);
    server().add_address("eth0", server_address);
    web_.emplace(server().listen(tcp(80)));
  }
  std::optional<traffic::Listener> web_;
};

TEST_F(RouterFirewallPresetAgainst, DropsUniqueLocalDestinations) {
  put_beyond("fd00:5::1/64"_ifaddr, "fd00:5::2/64"_ifaddr);
  EXPECT_THAT(pc(), CannotReach("fd00:5::2"_ip, tcp(80),
                                Because(Verdict::dropped).by("RFC 6092 3.1 REC-7: unique local destination")));
}

TEST_F(RouterFirewallPresetAgainst, DropsUniqueLocalSources) {
  put_beyond("fd00:5::1/64"_ifaddr, "fd00:5::2/64"_ifaddr);
  server().add_route(
      {.destination = "2001:db8:1::2/128"_net, .hops = {{.via = "fd00:5::1"_ip}}, .preferred_source = "fd00:5::2"_ip});
  EXPECT_THAT(server(), CannotReach(pc().address(AddressFamily::ipv6), udp(9000),
                                    Because(Verdict::dropped).by("RFC 6092 3.1 REC-7: unique local source")));
}

TEST_F(RouterFirewallPresetAgainst, LetsUniqueLocalAddressesThroughWhenTold) {
  put_beyond("fd00:5::1/64"_ifaddr, "fd00:5::2/64"_ifaddr);
  gw().flush_rules();
  auto lenient = settings();
  lenient.unique_local = true;
  gw().load_ruleset_text(nft::router_firewall(lenient));
  EXPECT_THAT(pc(), CanReach("fd00:5::2"_ip, tcp(80)));
}

TEST_F(RouterFirewallPresetAgainst, DropsDestinationsThatAreNotForThePublicNetwork) {
  put_beyond("fec0:5::1/64"_ifaddr, "fec0:5::2/64"_ifaddr);
  EXPECT_THAT(pc(),
              CannotReach("fec0:5::2"_ip, tcp(80),
                          Because(Verdict::dropped).by("RFC 6092 3.1 REC-3: destination not for the public network")));
}

TEST_F(RouterFirewallPresetAgainst, DropsSourcesThatAreNotForThePublicNetwork) {
  put_beyond("fec0:5::1/64"_ifaddr, "fec0:5::2/64"_ifaddr);
  server().add_route(
      {.destination = "2001:db8:1::2/128"_net, .hops = {{.via = "fec0:5::1"_ip}}, .preferred_source = "fec0:5::2"_ip});
  EXPECT_THAT(server(),
              CannotReach(pc().address(AddressFamily::ipv6), udp(9000),
                          Because(Verdict::dropped).by("RFC 6092 3.1 REC-3: source not for the public network")));
}

TEST_F(RouterFirewallPreset, DropsSourceRouting) {
  send_ipv6(server(), pc(), 43, routing_header_0());
  expect_counted("RFC 6092 3.1 REC-4: source routing");
}

TEST_F(RouterFirewallPreset, DropsErrorsAboutNoKnownConnection) {
  send_ipv6(server(), pc(), 58, port_unreachable_about(server(), pc()));
  expect_counted("RFC 6092 3.2.1 REC-10: of no known connection");
}

TEST_F(RouterFirewallPreset, LetsErrorsAboutKnownConnectionsIn) {
  for (const auto family : kFamilies) {
    const auto outcome = pc().probe(server().address(family), udp(9));
    EXPECT_EQ(outcome.kind, traffic::ProbeOutcome::Kind::refused) << outcome;  // port unreachable came back
  }
}

TEST_F(RouterFirewallPreset, LetsIpsecAndHipInByIpv6) {
  for (const auto protocol : std::initializer_list<std::uint8_t>{50, 51, 139}) {
    const auto before = count_of("RFC 6092 3.2.4 REC-21, REC-22, REC-26: IPsec and HIP");
    send_ipv6(server(), pc(), protocol,
              protocol == 51 ? authenticated_datagram(server(), pc()) : std::vector<std::uint8_t>(24));
    EXPECT_TRUE(eventually(10s, [&] {
      return count_of("RFC 6092 3.2.4 REC-21, REC-22, REC-26: IPsec and HIP") > before;
    })) << int{protocol};
  }
}

TEST_F(RouterFirewallPreset, LetsKeyExchangeInByIpv6Only) {
  const auto ike = pc().listen(udp(500));
  EXPECT_THAT(server(), CanReach(pc().address(AddressFamily::ipv6), udp(500)));
  EXPECT_THAT(server(),
              CannotReach(pc().address(AddressFamily::ipv4), udp(500), Because(Verdict::dropped).by_policy()));
}

// The time-out that the router's entry for a connection of that protocol shows.
std::uint32_t idle_time(const Node& router, nft::Protocol protocol) {
  for (const auto& entry : router.snapshot().connections) {
    if (entry.protocol == protocol) return entry.timeout.value_or(0);
  }
  return 0;
}

TEST_F(RouterFirewallPreset, RemembersFlowsForFiveMinutesAndConnectionsForTwoHours) {
  const auto names = server().listen(udp(53));
  const auto web = server().listen(tcp(80));
  ASSERT_TRUE(pc().probe(server().address(), udp(53)).answered());
  // More than Linux's own 120 s; the clock runs on meanwhile.
  EXPECT_THAT(idle_time(gw(), nft::Protocol::udp), AllOf(Ge(200U), Le(300U)));
  auto connection = value_or_throw(
      pc().run([&] { return traffic::Probe::open({.service = tcp(80), .destination = server().address()}); }));
  ASSERT_TRUE(connection.run(Deadline::after(5s)).answered());
  EXPECT_TRUE(eventually(10s, [&] {
    const auto left = idle_time(gw(), nft::Protocol::tcp);
    return left > 7000 && left <= 7440;
  })) << idle_time(gw(), nft::Protocol::tcp);
}

class ClientFirewallPreset : public HomeTest {
 protected:
  void SetUp() override {
    HomeTest::SetUp();
    if (!IsSkipped()) pc().load_ruleset_text(nft::client_firewall());
  }
};

TEST_F(ClientFirewallPreset, IsWhatNftLists) { expect_nft_lists(pc(), nft::client_firewall()); }

TEST_F(ClientFirewallPreset, MayAskAnything) {
  const auto web = server().listen(tcp(8080));
  const auto names = server().listen(udp(53));
  for (const auto& service : {icmp(), tcp(8080), udp(53)}) EXPECT_THAT(pc(), CanReach(server(), service));
}

TEST_F(ClientFirewallPreset, HearsOfItsErrors) {
  for (const auto family : kFamilies) {
    EXPECT_EQ(pc().probe(server().address(family), udp(9)).kind, traffic::ProbeOutcome::Kind::refused);
  }
}

TEST_F(ClientFirewallPreset, TakesNothingFromOutside) {
  for (const auto& service : {icmp(), tcp(22), udp(53)}) {
    EXPECT_THAT(server(), CannotReach(pc(), service, Because(Verdict::dropped).by_policy().at(pc())));
  }
}

class CorporateFirewallPreset : public HomeTest {
 protected:
  void SetUp() override {
    HomeTest::SetUp();
    if (!IsSkipped()) gw().load_ruleset_text(nft::corporate_firewall(kInside, kOutside));
  }
};

TEST_F(CorporateFirewallPreset, IsWhatNftLists) { expect_nft_lists(gw(), nft::corporate_firewall(kInside, kOutside)); }

TEST_F(CorporateFirewallPreset, LetsOutWebAndNames) {
  for (const auto& service : {tcp(80), tcp(443), tcp(53), udp(53)}) {
    const auto listener = server().listen(service);
    EXPECT_THAT(pc(), CanReach(server(), service));
  }
}

TEST_F(CorporateFirewallPreset, RefusesTheRestAtOnce) {
  for (const auto& service : {tcp(22), udp(443), icmp()}) {
    EXPECT_THAT(pc(), CannotReach(server(), service,
                                  Because(Verdict::rejected).with("admin-prohibited").by("not for the office")));
  }
}

TEST_F(CorporateFirewallPreset, TakesNothingFromOutside) {
  for (const auto& service : {tcp(80), udp(53), icmp()}) {
    EXPECT_THAT(server(), CannotReach(pc(), service, Because(Verdict::dropped).by_policy().at(gw())));
  }
}

TEST_F(CorporateFirewallPreset, AnswersEchoRequestsFromInsideOnly) {
  for (const auto family : kFamilies) {
    EXPECT_THAT(pc(), CanReach(gw().address("lan", family), icmp()));
    EXPECT_THAT(server(), CannotReach(gw().address("wan", family), icmp(), Because(Verdict::dropped).by_policy()));
  }
}

TEST_F(CorporateFirewallPreset, DropsErrorsAboutNoKnownConnection) {
  gw().flush_rules();
  load_counted(nft::corporate_firewall(kInside, kOutside));
  send_ipv6(server(), pc(), 58, port_unreachable_about(server(), pc()));
  EXPECT_TRUE(eventually(10s, [&] { return count_of("of no known connection") > 0; }));
}

class GuidePresets : public HomeTest {};

TEST_F(GuidePresets, AreWhatNftLists) {
  for (const auto& ruleset : {nft::guide_gateway(kInside, kOutside), nft::guide_output()}) {
    gw().flush_rules();
    gw().add_rules(ruleset);
    expect_nft_lists(gw(), std::regex_replace(to_string(ruleset), std::regex{" packets 0 bytes 0"}, ""));
  }
}

TEST_F(GuidePresets, TheGatewayHidesTheInsideAndLetsItOut) {
  gw().add_rules(nft::guide_gateway(kInside, kOutside));
  const auto web = server().listen(tcp(80));
  for (const auto family : kFamilies) {
    ASSERT_TRUE(pc().probe(server().address(family), tcp(80)).answered());
    EXPECT_EQ(web.last_peer()->address, gw().address("wan", family));
  }
  EXPECT_THAT(server(), CannotReach(pc(), tcp(22), Because(Verdict::dropped).by_policy()));
}

TEST_F(GuidePresets, TheOutputChainLetsOutWebAndNames) {
  pc().add_rules(nft::guide_output());
  for (const auto& service : {tcp(80), tcp(443), udp(53)}) {
    const auto listener = server().listen(service);
    EXPECT_THAT(pc(), CanReach(server(), service));
  }
  EXPECT_THAT(pc(), CannotReach(server(), tcp(22), Because(Verdict::dropped).by_policy().at(pc())));
  const auto ssh = pc().listen(tcp(22));
  EXPECT_THAT(server(), CanReach(pc(), tcp(22)));  // its answers are let out
}

}  // namespace
}  // namespace netrig
