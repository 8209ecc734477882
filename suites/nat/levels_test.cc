// Two levels of NAT, NATs that translate prefixes, hosts that meet by outside addresses, and NATs of other makes.
#include <netrig/nft/conntrack.h>
#include <netrig/suites/nat/behind_nat.h>
#include <netrig/suites/nat/witness.h>
#include <netrig/suites/tools.h>
#include <netrig/topology/explain.h>
#include <netrig/topology/nat_trial.h>

#include <algorithm>

namespace netrig {
namespace {

using nft::Filtering;
using nft::Mapping;
using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::Le;

constexpr auto kPatient = 10s;

// Two subscribers, each behind a router of its own, behind one carrier.
class CarrierNatSuite : public LabTest {
 public:
  void SetUp() override {
    LabTest::SetUp();
    if (IsSkipped()) return;
    Topology network;
    auto pc = network.host("pc");
    auto neighbour = network.host("neighbour");
    auto home = network.router("home");
    auto next_door = network.router("next-door");
    auto carrier = network.router("carrier");
    auto server = network.host("server").no_automatic_routes();
    network.segment("lan", "192.168.1.0/24").join(home, {.name = "lan"}).join(pc);
    network.segment("lan2", "192.168.2.0/24").join(next_door, {.name = "lan"}).join(neighbour);
    network.segment("access", "100.64.0.0/24")
        .join(carrier, {.name = "access"})
        .join(home, {.name = "wan"})
        .join(next_door, {.name = "wan"});
    network.segment("internet", "203.0.113.0/24")
        .join(carrier, {.name = "internet"})
        .join(server, {.address = "203.0.113.2/24, 203.0.113.3/24"});
    build(network);
    for (const char* router : {"home", "next-door"}) {
      node(router).load_ruleset_text(value_or_throw(nft::nat_rules(kHome, home_behaviour_)));
    }
    node("carrier").load_ruleset_text(value_or_throw(nft::carrier_nat(carrier_sides())));
  }

 protected:
  static inline const nft::NatSides kHome{.inside = InterfaceName{"lan"}, .outside = InterfaceName{"wan"}};
  nft::NatSides carrier_sides() {
    return {.inside = InterfaceName{"access"},
            .outside = InterfaceName{"internet"},
            .addresses = {node("carrier").address("internet")}};
  }
  void ask_for(const nft::IdleTimeouts& timeouts) {
    node("carrier").flush_rules();
    node("carrier").load_ruleset_text(value_or_throw(nft::carrier_nat(carrier_sides(), timeouts)));
  }
  TrialSocket datagrams(std::string_view name) {
    return TrialSocket::open(node(name), nft::Protocol::udp, {node(name).address(), Port{3478}});
  }
  void send_datagram() {
    auto client = datagrams("pc"), at = datagrams("server");
    client.send(at.local(), 1);
    ASSERT_TRUE(at.receive(Deadline::after(kPatient))) << node("home").snapshot() << node("carrier").snapshot();
  }
  std::uint32_t left(nft::Protocol protocol) { return seconds_left(node("carrier"), AddressFamily::ipv4, protocol); }
  // A new connection, at the carrier; in the state of one that is begun nobody answers.
  ::testing::AssertionResult connection_comes_to(const std::string& state, std::uint32_t more_than,
                                                 std::uint32_t at_most) {
    const auto web = node("server").listen(traffic::tcp(80));
    const Port port{state == "SYN_SENT" ? std::uint16_t{81} : std::uint16_t{80}};
    node("server").load_ruleset_text(
        "table inet deaf { chain c { type filter hook input priority 0; tcp dport 81 drop; }; }");
    auto client = TrialSocket::open_unused(node("pc"), nft::Protocol::tcp, node("pc").address());
    client.connect({node("server").address(), port});
    return eventually(kPatient,
                      [&] {
                        return std::ranges::any_of(
                            translated_connections(node("carrier"), AddressFamily::ipv4, nft::Protocol::tcp),
                            [&](const auto& entry) {
                              return entry.original.destination_port == port && entry.tcp_state == state &&
                                     entry.timeout > more_than && entry.timeout <= at_most;
                            });
                      })
           << node("carrier").snapshot();
  }
  nft::NatBehaviour home_behaviour_ = nft::full_cone();
};

TEST_F(CarrierNatSuite, TranslatesTwice) {
  const auto nat = classify_nat(node("pc"), node("server"));
  EXPECT_EQ(nat.mapped.address, node("carrier").address("internet")) << nat;
  const auto twice = explain(node("pc"), node("server"), udp(9)).translation;
  EXPECT_THAT(twice, HasSubstr("snat to 100.64.0.2:")) << twice;
  EXPECT_THAT(twice, HasSubstr("snat to 203.0.113.1:")) << twice;
}

TEST_F(CarrierNatSuite, IsEndpointIndependentThroughFullConeRouters) {
  for (const auto protocol : {nft::Protocol::udp, nft::Protocol::tcp}) {
    const auto nat = classify_nat(node("pc"), node("server"), {.protocol = protocol});
    EXPECT_EQ(nat.mapping, Mapping::endpoint_independent) << nat;
    EXPECT_EQ(nat.filtering, Filtering::endpoint_independent) << nat;
    EXPECT_FALSE(nat.preserves_port) << nat;
    EXPECT_TRUE(nat.hairpins) << nat;  // at the carrier
    EXPECT_TRUE(nat.hairpins_with_outside_source) << nat;
  }
}

TEST_F(CarrierNatSuite, IsNoMoreOpenThanItsClosedLevel) {
  node("home").flush_rules();
  node("home").load_ruleset_text(value_or_throw(nft::nat_rules(kHome, nft::port_restricted_cone())));
  const auto nat = classify_nat(node("pc"), node("server"));
  EXPECT_EQ(nat.mapping, Mapping::endpoint_independent) << nat;
  EXPECT_EQ(nat.filtering, Filtering::address_and_port_dependent) << nat;
}

TEST_F(CarrierNatSuite, IsSymmetricWhereOneLevelIs) {
  node("home").flush_rules();
  node("home").load_ruleset_text(value_or_throw(nft::nat_rules(kHome, nft::symmetric())));
  const auto nat = classify_nat(node("pc"), node("server"));
  EXPECT_EQ(nat.mapping, Mapping::address_and_port_dependent) << nat;
  EXPECT_EQ(nat.filtering, Filtering::address_and_port_dependent) << nat;
}

TEST_F(CarrierNatSuite, LetsSubscribersMeetByOutsideAddresses) {
  auto hearer = TrialSocket::open_unused(node("pc"), nft::Protocol::udp, node("pc").address());
  auto speaker = TrialSocket::open_unused(node("neighbour"), nft::Protocol::udp, node("neighbour").address());
  auto server = TrialSocket::open(node("server"), nft::Protocol::udp, {node("server").address(), Port{3478}});
  const auto outside_of = [&](TrialSocket& socket) {
    socket.send(server.local(), 1);
    return server.receive(Deadline::after(kPatient)).value().from;
  };
  const auto to = outside_of(hearer), from = outside_of(speaker);
  for (int again = 0; again < 2; ++again) {
    speaker.send(to, 2);
    const auto datagram = hearer.receive(Deadline::after(kPatient));
    ASSERT_TRUE(datagram);
    EXPECT_EQ(datagram->from, from);
  }
}

TEST_F(CarrierNatSuite, KeepsSharedAddressesFromTheOutside) {
  netlink::Route way_in{.destination = "100.64.0.0/10"_net};
  way_in.hops = {{.via = node("carrier").address("internet")}};
  node("server").add_route(way_in);
  EXPECT_THAT(node("server"), CannotReach(node("home").address("wan"), icmp(),
                                          Because(Verdict::dropped).by("RFC 6598 4: shared address from outside")));
  for (const auto& [from, via] :
       {std::pair{"home", node("carrier").address("access")}, std::pair{"carrier", node("server").address()}}) {
    netlink::Route out{.destination = "100.100.0.0/16"_net};
    out.hops = {{.via = via}};
    node(from).add_route(out);
  }
  EXPECT_THAT(node("pc"), CannotReach("100.100.0.1"_ip, udp(9),
                                      Because(Verdict::dropped).by("RFC 6598 4: shared address to the outside")));
}

TEST_F(CarrierNatSuite, IsWhatNftAndConntrackSay) {
  expect_nft_lists(node("carrier"), value_or_throw(nft::carrier_nat(carrier_sides())));
  expect_nft_lists(node("home"), value_or_throw(nft::nat_rules(kHome, home_behaviour_)));
  auto client = datagrams("pc"), at = datagrams("server");
  client.send(at.local(), 1);
  const auto datagram = at.receive(Deadline::after(kPatient));
  ASSERT_TRUE(datagram);
  const traffic::Endpoint between{node("home").address("wan"), client.local().port};  // a full cone keeps the port
  expect_conntrack_lists(node("home"), nft::Protocol::udp, client.local(), at.local(), between);
  expect_conntrack_lists(node("carrier"), nft::Protocol::udp, between, at.local(), datagram->from);
}

// RFC 6888, and so carrier_nat(), is of IPv4 only.
TEST_F(CarrierNatSuite, HasTheTimeOutsThatTheRfcsRecommendOverIpv4) {
  ask_for({});
  send_datagram();
  EXPECT_THAT(left(nft::Protocol::udp), AllOf(Gt(120U), Le(300U)));
  EXPECT_TRUE(connection_comes_to("ESTABLISHED", 7000, 7440));
  EXPECT_TRUE(connection_comes_to("SYN_SENT", 120, 240));
}

TEST_F(CarrierNatSuite, HasTheTimeOutsThatWereAskedForOverIpv4) {
  ask_for({.udp = 1000s, .tcp_established = 20'000s, .tcp_transitory = 2000s});
  send_datagram();
  EXPECT_THAT(left(nft::Protocol::udp), AllOf(Gt(700U), Le(1000U)));
  EXPECT_TRUE(connection_comes_to("ESTABLISHED", 19'000, 20'000));
  EXPECT_TRUE(connection_comes_to("SYN_SENT", 1000, 2000));
}

TEST_F(CarrierNatSuite, ForgetsWhatTheHomeRemembersOverIpv4) {
  ask_for({.udp = 1s});
  send_datagram();
  EXPECT_TRUE(eventually(kPatient, [&] { return left(nft::Protocol::udp) == 0; })) << node("carrier").snapshot();
  EXPECT_GT(seconds_left(node("home"), AddressFamily::ipv4, nft::Protocol::udp), 120U);
}

// fd00:1::/64 inside is 2001:db8:a:1::/64 outside, which the server finds behind gw.
class PrefixTranslationSuite : public BehindNatTest {
 public:
  void SetUp() override {
    BehindNatTest::SetUp();
    if (IsSkipped()) return;
    gw().load_ruleset_text(
        value_or_throw(nft::prefix_translation(sides(), "fd00:1::/64"_net, "2001:db8:a:1::/64"_net)));
    netlink::Route way_in{.destination = "2001:db8:a:1::/64"_net};
    way_in.hops = {{.via = gw().address("wan", AddressFamily::ipv6)}};
    server().add_route(way_in);
  }
};

TEST_F(PrefixTranslationSuite, ExchangesThePrefixAndNothingElse) {
  for (const auto protocol : kProtocols) {
    const auto nat = found(AddressFamily::ipv6, protocol);
    EXPECT_EQ(nat.inside.address, "fd00:1::2"_ip) << nat;
    EXPECT_EQ(nat.mapped.address, "2001:db8:a:1::2"_ip) << nat;
    EXPECT_EQ(nat.mapping, Mapping::endpoint_independent) << nat;
    EXPECT_EQ(nat.filtering, Filtering::endpoint_independent) << nat;
    EXPECT_TRUE(nat.preserves_port) << nat;
    EXPECT_TRUE(nat.hairpins) << nat;
    EXPECT_TRUE(nat.hairpins_with_outside_source) << nat;
  }
}

TEST_F(PrefixTranslationSuite, IsWhatNftSays) {
  expect_nft_lists(gw(), value_or_throw(nft::prefix_translation(sides(), "fd00:1::/64"_net, "2001:db8:a:1::/64"_net)));
}

TEST_F(PrefixTranslationSuite, LetsTheOutsideBegin) {
  const auto web = tv().listen(tcp(80));
  EXPECT_THAT(server(), CanReach("2001:db8:a:1::3"_ip, tcp(80)));
  EXPECT_THAT(server(), CanReach("2001:db8:a:1::3"_ip, icmp()));
  EXPECT_TRUE("2001:db8:113::/64"_net.contains(web.last_peer()->address));  // the other end is not translated
}

TEST_F(PrefixTranslationSuite, LeavesIpv4Alone) {
  gw().flush_rules();
  auto only4 = sides();
  only4.only = AddressFamily::ipv4;
  gw().load_ruleset_text(value_or_throw(nft::nat_rules(only4, nft::full_cone())));
  gw().load_ruleset_text(value_or_throw(nft::prefix_translation(sides(), "fd00:1::/64"_net, "2001:db8:a:1::/64"_net)));
  EXPECT_EQ(found(AddressFamily::ipv4, nft::Protocol::udp).mapped.address, gw().address("wan"));
  EXPECT_EQ(found(AddressFamily::ipv6, nft::Protocol::udp).mapped.address, "2001:db8:a:1::2"_ip);
}

class HairpinSuite : public BehindNatTest {};

TEST_F(HairpinSuite, LetsHostsMeetByOutsideAddresses) {
  auto behaviour = nft::port_restricted_cone();
  behaviour.hairpinning = true;
  translate(behaviour);
  for (const auto family : kFamilies) {
    auto hearer = TrialSocket::open_unused(tv(), nft::Protocol::udp, tv().address(family));
    auto speaker = TrialSocket::open_unused(pc(), nft::Protocol::udp, pc().address(family));
    auto at = TrialSocket::open(server(), nft::Protocol::udp, {server().address(family), Port{3478}});
    hearer.send(at.local(), 1);
    const auto to = at.receive(Deadline::after(kPatient)).value().from;
    speaker.send(at.local(), 1);
    const auto from = at.receive(Deadline::after(kPatient)).value().from;
    for (int again = 0; again < 2; ++again) {  // a redirect to the other host would lead astray
      speaker.send(to, 2);
      const auto datagram = hearer.receive(Deadline::after(kPatient));
      ASSERT_TRUE(datagram);
      EXPECT_EQ(datagram->from, from);
    }
  }
}

// NATs that are not ours: the classification knows nothing of rules.
class OtherNats : public BehindNatTest {
 protected:
  void masquerade(const std::string& how) {
    for (const char* tool : {"iptables", "ip6tables"}) {
      const auto done = gw().exec(process::sh(std::string{tool} + " -t nat -A POSTROUTING -o wan -j MASQUERADE" + how));
      ASSERT_TRUE(done.success()) << done.err;
    }
  }
};

TEST_F(OtherNats, IptablesMasqueradeIsPortRestricted) {
  NETRIG_NEEDS_TOOL("iptables");
  masquerade("");
  for (const auto family : kFamilies) {
    const auto nat = found(family, nft::Protocol::udp);
    EXPECT_EQ(nat.mapping, Mapping::endpoint_independent) << nat;
    EXPECT_EQ(nat.filtering, Filtering::address_and_port_dependent) << nat;
    EXPECT_TRUE(nat.preserves_port) << nat;
  }
}

TEST_F(OtherNats, IptablesWithRandomPortsIsSymmetric) {
  NETRIG_NEEDS_TOOL("iptables");
  masquerade(" --random-fully");
  for (const auto family : kFamilies) {
    for (const auto protocol : kProtocols) {
      const auto nat = found(family, protocol);
      EXPECT_EQ(nat.mapping, Mapping::address_and_port_dependent) << nat;
      EXPECT_FALSE(nat.preserves_port) << nat;
    }
  }
}

// The conntrack tool sees the time-outs and translations that the rig tells of.
TEST_F(OtherNats, TheConntrackToolSeesTheSameMapping) {
  NETRIG_NEEDS_TOOL("conntrack");
  translate(nft::port_restricted_cone());
  const auto nat = found(AddressFamily::ipv4, nft::Protocol::udp);
  const auto listed = gw().exec({"conntrack", "-L", "-p", "udp", "--src-nat"}).out;
  EXPECT_THAT(listed, HasSubstr("dst=203.0.113.1 sport=3478 dport=" + std::to_string(nat.mapped.port.value()))) << nat;
}

}  // namespace
}  // namespace netrig
