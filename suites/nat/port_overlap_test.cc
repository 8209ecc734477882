// One outside port for two inside endpoints whose destinations differ: rare where ports are random, made certain here.
#include <netrig/suites/nat/behind_nat.h>
#include <netrig/topology/nat_trial.h>

#include <gmock/gmock.h>

#include <string>

namespace netrig {
namespace {

using namespace std::chrono_literals;
using traffic::Endpoint;

class PortOverlapSuite : public BehindNatTest, public ::testing::WithParamInterface<AddressFamily> {
 protected:
  static constexpr std::uint16_t kOnlyPort = 40'000;
  static constexpr std::uint8_t kQuestion = 1, kUnasked = 2, kAnswer = 3;

  // A NAT with few ports to give, to each destination others; who may answer is said.
  void translate_to(const std::string& ports, nft::Filtering filtering) {
    auto rules = value_or_throw(nft::nat_rules(
        sides(),
        {.mapping = nft::Mapping::address_and_port_dependent, .filtering = filtering, .port_preservation = false}));
    const std::string random = "masquerade fully-random";
    for (auto at = rules.find(random); at != std::string::npos; at = rules.find(random))
      rules.replace(at, random.size(), "meta l4proto { tcp, udp } masquerade to :" + ports);
    gw().load_ruleset_text(rules);
  }
  [[nodiscard]] Endpoint outside() { return {gw().address("wan", GetParam()), Port{kOnlyPort}}; }
  [[nodiscard]] TrialSocket on_server(const char* v4, const char* v6, std::uint16_t port) {
    const auto address = IpAddress::parse(GetParam() == AddressFamily::ipv4 ? v4 : v6).value();
    return TrialSocket::open(server(), nft::Protocol::udp, {address, Port{port}});
  }
  [[nodiscard]] TrialSocket on_pc() {
    return TrialSocket::open_unused(pc(), nft::Protocol::udp, pc().address(GetParam()));
  }

  // Sends, and gives from where that came.
  static Endpoint ask(TrialSocket& client, TrialSocket& of) {
    client.send(of.local(), kQuestion);
    const auto heard = of.receive(Deadline::after(10s));
    return heard ? heard->from : Endpoint{};
  }
  static int heard_by(TrialSocket& client) {
    const auto heard = client.receive(Deadline::after(10s));
    return heard ? heard->tag : 0;
  }
};

TEST_P(PortOverlapSuite, WhatComesUnaskedGoesToTheLaterMapping) {
  translate_to(std::to_string(kOnlyPort), nft::Filtering::address_dependent);
  auto first = on_server("203.0.113.2", "2001:db8:113::2", 3478),
       beside = on_server("203.0.113.2", "2001:db8:113::2", 3479);
  auto second = on_server("203.0.113.3", "2001:db8:113::3", 3478);
  auto earlier = on_pc(), later = on_pc();
  ASSERT_EQ(ask(earlier, second), outside());
  ASSERT_EQ(ask(later, first), outside());

  beside.send(outside(), kUnasked);
  first.send(outside(), kAnswer);
  EXPECT_EQ(heard_by(later), kUnasked);
  EXPECT_EQ(heard_by(later), kAnswer);
  second.send(outside(), kAnswer);
  EXPECT_EQ(heard_by(earlier), kAnswer) << "an answer goes to who asked, whoever else has the port";
}

// Of five ports two belong to what was asked at each of the server's endpoints before: what comes from such an endpoint
// to one of these is its answer, and says nothing of the filtering.
TEST_P(PortOverlapSuite, FilteringIsAskedFromWhereNobodyWasAskedBefore) {
  translate_to("40000-40004 fully-random", nft::Filtering::endpoint_independent);
  for (const auto protocol : kProtocols) {
    for (std::uint16_t port = 3478; port < 3490; port += 2) {
      const auto nat = classify_nat(pc(), server(),
                                    {.family = GetParam(),
                                     .protocol = protocol,
                                     .port = Port{port},
                                     .alternate_port = Port{static_cast<std::uint16_t>(port + 1)}});
      EXPECT_EQ(nat.filtering, nft::Filtering::endpoint_independent) << nat;
    }
  }
}
INSTANTIATE_TEST_SUITE_P(Families, PortOverlapSuite, ::testing::Values(AddressFamily::ipv4, AddressFamily::ipv6),
                         [](const auto& family) { return family.param == AddressFamily::ipv4 ? "IPv4" : "IPv6"; });

}  // namespace
}  // namespace netrig
