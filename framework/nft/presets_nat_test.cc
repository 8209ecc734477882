// That NAT presets are what nft itself would print, and what they refuse. What they do to packets: suites/nat.
#include <netrig/net/literals.h>
#include <netrig/nft/fresh_network.h>
#include <netrig/nft/frontend.h>
#include <netrig/nft/presets_nat.h>

#include <gmock/gmock.h>

namespace netrig::nft {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

NatSides sides() {
  return {.inside = InterfaceName{"lan"},
          .outside = InterfaceName{"wan"},
          .addresses = {"203.0.113.1"_ip, "2001:db8:113::1"_ip}};
}

class NatPresetsTest : public FreshNetworkTest {
 protected:
  // What the kernel gives back of a text.
  static std::string loaded(const std::string& text) {
    auto nft = value_or_throw(Frontend::open("node"));
    value_or_throw(nft.load_text("flush ruleset\n" + text));
    return value_or_throw(nft.list());
  }
  static void expect_listed_as_printed(const std::string& text) {
    EXPECT_EQ(without_policies(loaded(text)), without_policies(text));
  }
};

TEST_F(NatPresetsTest, EveryBehaviourIsListedAsItIsPrinted) {
  for (const auto& behaviour : all_nat_behaviours()) {
    SCOPED_TRACE(to_string(behaviour));
    expect_listed_as_printed(value_or_throw(nat_rules(sides(), behaviour)));
  }
}

TEST_F(NatPresetsTest, OneFamilyAloneIsListedAsItIsPrinted) {
  for (const auto family : {AddressFamily::ipv4, AddressFamily::ipv6}) {
    auto one = sides();
    one.only = family;
    expect_listed_as_printed(value_or_throw(nat_rules(one, full_cone())));
  }
}

TEST_F(NatPresetsTest, TheCarriersIsListedAsItIsPrinted) {
  expect_listed_as_printed(value_or_throw(carrier_nat(sides())));
}

TEST_F(NatPresetsTest, PrefixesAreListedAsTheyArePrinted) {
  expect_listed_as_printed(value_or_throw(prefix_translation(sides(), "fd00:1::/48"_net, "2001:db8:1::/48"_net)));
}

std::string refusal(const Result<std::string>& rules) { return rules ? "" : testing::PrintToString(rules.error()); }

TEST(NatRulesTest, RefusePortPreservationThatDependsOnTheDestination) {
  auto wrong = symmetric();
  wrong.port_preservation = true;
  EXPECT_THAT(refusal(nat_rules(sides(), wrong)),
              AllOf(HasSubstr("address-and-port-dependent mapping with port preservation"),
                    HasSubstr("set port_preservation to false")));
}

TEST(NatRulesTest, RefuseHairpinningWithoutTheOutsideAddress) {
  auto without = sides();
  without.addresses.pop_back();
  EXPECT_THAT(refusal(nat_rules(without, {.hairpinning = true})),
              AllOf(HasSubstr("outside address of ipv6"), HasSubstr("NatSides::addresses")));
  without.only = AddressFamily::ipv4;
  EXPECT_EQ(refusal(nat_rules(without, {.hairpinning = true})), "");
}

TEST(NatRulesTest, RefuseSidesThatAreNone) {
  auto same = sides();
  same.inside = same.outside;
  EXPECT_THAT(refusal(nat_rules(same)), HasSubstr("a NAT stands between two"));
  EXPECT_THAT(refusal(nat_rules(NatSides{})), HasSubstr("has no name"));
  auto doubled = sides();
  doubled.addresses.push_back("203.0.113.2"_ip);
  EXPECT_THAT(refusal(nat_rules(doubled)), HasSubstr("two outside addresses"));
}

TEST(NatRulesTest, RefuseMappingsThatDoNotLive) {
  EXPECT_THAT(refusal(nat_rules(sides(), {.timeouts = {.udp = std::chrono::seconds{0}}})), HasSubstr("below 1 s"));
}

TEST(NatRulesTest, CarryTheirTimeOuts) {
  const auto rules = value_or_throw(nat_rules(sides(), {.timeouts = {.udp = std::chrono::seconds{130}}}));
  EXPECT_THAT(rules, AllOf(HasSubstr("unreplied : 130, replied : 130"), HasSubstr("timeout 2m10s")));
}

TEST(CarrierNatTest, RefusesToStandWithoutItsAddress) {
  EXPECT_THAT(refusal(carrier_nat({.inside = InterfaceName{"lan"}, .outside = InterfaceName{"wan"}})),
              HasSubstr("outside address of ipv4"));
}

TEST(PrefixTranslationTest, RefusesPrefixesThatCannotBeExchanged) {
  EXPECT_THAT(refusal(prefix_translation(sides(), "fd00:1::/48"_net, "2001:db8:1::/64"_net)),
              HasSubstr("lengths differ"));
  EXPECT_THAT(refusal(prefix_translation(sides(), "10.0.0.0/24"_net, "10.1.0.0/24"_net)), HasSubstr("for IPv6"));
}

TEST(NatBehaviourTest, PrintsAsTheRfcsNameIt) {
  auto hairpinning = full_cone();
  hairpinning.hairpinning = true;
  EXPECT_EQ(to_string(hairpinning),
            "endpoint-independent mapping, endpoint-independent filtering, preserves ports, hairpins");
  EXPECT_EQ(to_string(symmetric()), "address-and-port-dependent mapping, address-and-port-dependent filtering");
}

}  // namespace
}  // namespace netrig::nft
