// Every NAT that nat_rules() makes, as RFC 5780 classifies it, in both address families, for UDP and TCP.
#include <netrig/nft/presets.h>
#include <netrig/nft/presets_firewall.h>
#include <netrig/suites/nat/behind_nat.h>
#include <netrig/suites/nat/witness.h>
#include <netrig/topology/nat_trial.h>

#include <algorithm>
#include <cctype>

namespace netrig {
namespace {

using nft::Filtering;
using nft::Mapping;
using nft::NatBehaviour;

class NatBehaviourSuite : public BehindNatTest, public ::testing::WithParamInterface<NatBehaviour> {};

TEST_P(NatBehaviourSuite, IsFoundByAClientAndAServer) {
  translate(GetParam());
  for (const auto family : kFamilies) {
    for (const auto protocol : kProtocols) {
      const auto nat = found(family, protocol);
      SCOPED_TRACE(nat);
      EXPECT_EQ(nat.mapped.address, gw().address("wan", family));
      EXPECT_EQ(nat.mapping, GetParam().mapping);
      EXPECT_EQ(nat.filtering, GetParam().filtering);
      EXPECT_EQ(nat.preserves_port, GetParam().port_preservation);
      EXPECT_EQ(nat.hairpins, GetParam().hairpinning);
      EXPECT_EQ(nat.hairpins_with_outside_source, GetParam().hairpinning);
    }
  }
}

TEST_P(NatBehaviourSuite, IsWhatNftAndConntrackSay) {
  translate(GetParam());
  expect_nft_lists(gw(), value_or_throw(nft::nat_rules(sides(), GetParam())));
  const auto deadline = Deadline::after(std::chrono::seconds{10});
  for (const auto family : kFamilies) {
    const auto open = [&](const Node& node, nft::Protocol protocol) {
      return TrialSocket::open(node, protocol, {node.address(family), Port{3478}});
    };
    auto sender = open(pc(), nft::Protocol::udp), receiver = open(server(), nft::Protocol::udp);
    sender.send(receiver.local(), 1);
    const auto datagram = receiver.receive(deadline);
    ASSERT_TRUE(datagram);
    expect_conntrack_lists(gw(), nft::Protocol::udp, sender.local(), receiver.local(), datagram->from);

    auto client = open(pc(), nft::Protocol::tcp), listener = open(server(), nft::Protocol::tcp);
    listener.listen();
    client.connect(listener.local());
    const auto accepted = listener.accept(deadline);
    ASSERT_TRUE(accepted);
    expect_conntrack_lists(gw(), nft::Protocol::tcp, client.local(), listener.local(), accepted->second);
  }
}

// `EndpointIndependentMappingAddressDependentFilteringPreservesPorts`
std::string name_of(const ::testing::TestParamInfo<NatBehaviour>& behaviour) {
  std::string name;
  bool begins = true;
  for (const char c : to_string(behaviour.param)) {
    const bool letter = std::isalpha(static_cast<unsigned char>(c)) != 0;
    if (letter) name += begins ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    begins = !letter;
  }
  return name;
}
INSTANTIATE_TEST_SUITE_P(All, NatBehaviourSuite, ::testing::ValuesIn(nft::all_nat_behaviours()), name_of);

class NatSuite : public BehindNatTest {};

TEST_F(NatSuite, LinuxMasqueradeIsPortRestricted) {
  gw().add_rules(nft::nat_masquerade(sides().outside));
  for (const auto family : kFamilies) {
    for (const auto protocol : kProtocols) {
      const auto nat = found(family, protocol);
      EXPECT_EQ(nat.mapping, Mapping::endpoint_independent) << nat;
      EXPECT_EQ(nat.filtering, Filtering::address_and_port_dependent) << nat;
      EXPECT_TRUE(nat.preserves_port) << nat;
      EXPECT_FALSE(nat.hairpins) << nat;
    }
  }
}

// Two hosts that send from one and the same port of theirs.
class PortsInUse : public BehindNatTest {
 protected:
  struct Ends {
    TrialSocket pc, tv, first, second;  // the server's by address
  };
  Ends ends(AddressFamily family) {
    const bool v4 = family == AddressFamily::ipv4;
    const auto open = [](const Node& node, const IpAddress& address, std::uint16_t port) {
      return TrialSocket::open(node, nft::Protocol::udp, {address, Port{port}});
    };
    return {open(pc(), pc().address(family), 5000), open(tv(), tv().address(family), 5000),
            open(server(), server().address(family), 3478),
            open(server(), v4 ? "203.0.113.3"_ip : "2001:db8:113::3"_ip, 3478)};
  }
  // As what the sender comes to the server.
  static Port port_of(TrialSocket& sender, TrialSocket& at) {
    sender.send(at.local(), 1);
    const auto datagram = at.receive(Deadline::after(std::chrono::seconds{10}));
    EXPECT_TRUE(datagram);
    return datagram ? datagram->from.port : Port{};
  }
};

TEST_F(PortsInUse, BelongToTheFirstHost) {
  translate(nft::port_restricted_cone());
  for (const auto family : kFamilies) {
    auto [pc, tv, first, second] = ends(family);
    EXPECT_EQ(port_of(pc, first), Port{5000});
    const auto other = port_of(tv, second);  // another destination: Linux alone would give the port once more
    EXPECT_NE(other, Port{5000});
    EXPECT_EQ(port_of(tv, first), other);  // endpoint-independent for the second host too
    EXPECT_EQ(port_of(pc, second), Port{5000});
  }
}

TEST_F(PortsInUse, AreOverloadedByLinuxMasquerade) {
  gw().add_rules(nft::nat_masquerade(sides().outside));
  for (const auto family : kFamilies) {
    auto [pc, tv, first, second] = ends(family);
    EXPECT_EQ(port_of(pc, first), Port{5000});
    EXPECT_EQ(port_of(tv, second), Port{5000});
    EXPECT_NE(port_of(tv, first), Port{5000});
  }
}

TEST_F(PortsInUse, AreFreeAgainWhenTheMappingIsGone) {
  translate(nft::port_restricted_cone());
  auto [pc, tv, first, second] = ends(AddressFamily::ipv4);
  EXPECT_EQ(port_of(pc, first), Port{5000});
  gw().flush_rules();  // with the sets that say so
  translate(nft::port_restricted_cone());
  EXPECT_EQ(port_of(tv, second), Port{5000});
}

// The router's firewall alone, without a NAT.
class FirewallFiltering : public BehindNatTest, public ::testing::WithParamInterface<Filtering> {};

TEST_P(FirewallFiltering, IsFoundByAClientAndAServer) {
  gw().load_ruleset_text(nft::router_firewall(
      {.inside = sides().inside, .outside = sides().outside, .filtering = GetParam(), .unique_local = true}));
  for (const auto family : kFamilies) {
    netlink::Route way_in{.destination = family == AddressFamily::ipv4 ? "10.1.0.0/24"_net : "fd00:1::/64"_net};
    way_in.hops = {{.via = gw().address("wan", family)}};
    server().add_route(way_in);
    for (const auto protocol : kProtocols) {
      const auto nat = found(family, protocol);
      EXPECT_EQ(nat.filtering, GetParam()) << nat;
      EXPECT_FALSE(nat.translates()) << nat;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, FirewallFiltering,
                         ::testing::Values(Filtering::endpoint_independent, Filtering::address_dependent,
                                           Filtering::address_and_port_dependent),
                         [](const auto& filtering) {
                           std::string name{to_string(filtering.param)};
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace netrig
