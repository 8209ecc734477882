// The guide, "External Network Access with NAT": masquerade, and the three FORWARD rules.
#include <netrig/fixtures/nat_gateway_test.h>
#include <netrig/nft/presets.h>
#include <netrig/suites/tools.h>
#include <netrig/testing/reach.h>
#include <netrig/testing/state.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netrig {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class GuideNat : public NatGatewayTest {
 protected:
  static constexpr AddressFamily kFamilies[] = {AddressFamily::ipv4, AddressFamily::ipv6};
};

TEST_F(GuideNat, InsideHostsReachTheOutside) {
  proves("hosts behind the gateway reach the outside by ping, TCP and UDP, in both families");
  const auto web = outside().listen(traffic::tcp(80));
  const auto names = outside().listen(traffic::udp(53));
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(inside(i), CanReach(outside(), traffic::icmp()));
    EXPECT_THAT(inside(i), CanReach(outside(), traffic::tcp(80)));
    EXPECT_THAT(inside(i), CanReach(outside(), traffic::udp(53)));
  }
}

TEST_F(GuideNat, RewritesTheSourceToThePublicAddress) {
  proves("the outside sees only the gateway's public address");
  auto web = outside().listen(traffic::tcp(80));
  for (const auto family : kFamilies) {
    const auto outcome = inside().probe(outside().address(family), traffic::tcp(80));
    ASSERT_TRUE(outcome.answered()) << outcome;
    EXPECT_EQ(web.last_peer()->address, gateway().address("wan", family));
  }
}

TEST_F(GuideNat, StrangersHaveNoRouteInside) {
  proves("from outside there is no way to an inside address");
  for (const auto family : kFamilies) {
    EXPECT_THAT(outside(), CannotReach(inside().address(family), traffic::icmp()));
  }
}

TEST_F(GuideNat, ShowsTheTranslationInConntrack) {
  proves("the gateway's connection table holds the translated connection");
  ASSERT_THAT(inside(), CanReach(outside().address(), traffic::icmp()));
  const auto seen = gateway().snapshot();
  EXPECT_THAT(
      seen.connections,
      Contains(AllOf(
          ::testing::ResultOf([&](const auto& entry) { return entry.original.source; }, inside().address()),
          ::testing::ResultOf([&](const auto& entry) { return entry.reply.destination; }, gateway().address("wan")),
          ::testing::Field(&nft::ConntrackEntry::source_nat, true))))
      << seen;
}

// The guide's own lines, with the names of this network.
TEST_F(GuideNat, WorksWithTheGuidesIptablesLines) {
  proves("the guide's three iptables lines on a gateway that drops by default let replies in and strangers not");
  NETRIG_NEEDS_TOOL("iptables");
  gateway().change_rules(nft::Transaction{}.flush_ruleset());
  const auto rules = gateway().exec(process::sh(R"(set -e
iptables -P FORWARD DROP
iptables -t nat -A POSTROUTING -s 192.168.1.0/24 -o wan -j MASQUERADE
iptables -A FORWARD -i lan -o wan -j ACCEPT
iptables -A FORWARD -i wan -o lan -m state --state RELATED,ESTABLISHED -j ACCEPT)"));
  ASSERT_TRUE(rules.status.success()) << rules.err;
  EXPECT_THAT(inside(), CanReach(outside().address(), traffic::icmp()));

  // Even a stranger that knows the way is dropped.
  netlink::Route way_in{.destination = IpPrefix::parse("192.168.1.0/24").value()};
  way_in.hops = {{.via = gateway().address("wan")}};
  outside().add_route(way_in);
  EXPECT_THAT(outside(), CannotReach(inside().address(), traffic::icmp()));
  EXPECT_THAT(gateway().exec({"iptables", "-t", "nat", "-L", "POSTROUTING", "-n"}).out, HasSubstr("MASQUERADE"));
}

TEST_F(GuideNat, WorksWithTheSameRulesAsValues) {
  proves("the same three rules, as values in both families, behave the same");
  const InterfaceName lan{"lan"}, wan{"wan"};
  nft::Ruleset rules = nft::forward_policy(nft::Policy::drop);
  nft::Transaction change;
  change.add(rules)
      .add(nft::forward_chain(), nft::allow_out(lan, wan))
      .add(nft::forward_chain(), nft::allow_replies(lan, wan));
  gateway().change_rules(change);
  EXPECT_THAT(inside(), CanReach(outside(), traffic::icmp()));
  for (const auto family : kFamilies) {
    const bool v4 = family == AddressFamily::ipv4;
    netlink::Route way_in{.destination = IpPrefix::parse(v4 ? "192.168.1.0/24" : "fd19::/64").value()};
    way_in.hops = {{.via = gateway().address("wan", family)}};
    outside().add_route(way_in);
    EXPECT_THAT(outside(), CannotReach(inside().address(family), traffic::icmp()));
  }
}

TEST_F(GuideNat, NftShowsTheMasquerade) {
  proves("`nft list ruleset` shows the masquerade that the topology asked for");
  NETRIG_NEEDS_TOOL("nft");
  EXPECT_THAT(gateway().exec({"nft", "list", "ruleset"}).out,
              AllOf(HasSubstr("oifname \"wan\""), HasSubstr("masquerade")));
}

}  // namespace
}  // namespace netrig
