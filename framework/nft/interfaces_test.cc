#include <netrig/nft/fresh_network.h>
#include <netrig/nft/frontend.h>
#include <netrig/nft/interfaces.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace netrig::nft {
namespace {

using testing::UnorderedElementsAre;

class InterfacesTest : public FreshNetworkTest {};

TEST_F(InterfacesTest, AreFoundInRulesSetsMapsAndConcatenations) {
  auto nft = Frontend::open("gw");
  ASSERT_TRUE(nft) << nft.error();
  const auto loaded = nft->load_text(R"(
    table inet t {
      set lans { type ifname; elements = { "in-set" }; }
      set pairs { type ipv4_addr . ifname . inet_service; elements = { 10.0.0.1 . "in-concat" . 80 }; }
      set wide { type ipv6_addr . ifname; elements = { fd00::1 . "after-ipv6" }; }
      set ports { type inet_service; elements = { 80 }; }
      chain other { }
      chain c {
        type filter hook forward priority 0;
        iifname "alone" accept
        oifname != "negated" accept
        iifname { "a", "b" } accept
        iifname vmap { "in-map" : accept, "in-map2" : jump other }
        iifname . oifname { "left" . "right" } accept
        iifname "ppp*" accept
        iifname @lans accept
        ip saddr . oifname . tcp dport @pairs accept
        tcp dport @ports accept
      }
    })");
  ASSERT_TRUE(loaded) << loaded.error();
  const auto named = named_interfaces(socket());
  ASSERT_TRUE(named) << named.error();
  std::vector<std::string> found;
  for (const auto& each : *named)
    found.push_back(each.name + " in " + each.where.substr(0, each.where.find(" (handle")));
  const std::string rule = " in table inet t, chain c, rule ", set = " in table inet t, set ",
                    inside = " in table inet t, a set in a rule";
  EXPECT_THAT(found,
              UnorderedElementsAre("alone" + rule + "1", "negated" + rule + "2", "a" + inside, "b" + inside,
                                   "in-map" + inside, "in-map2" + inside, "left" + inside, "in-set" + set + "lans",
                                   "in-concat" + set + "pairs", "after-ipv6" + set + "wide"));
}

TEST(IptablesInterfacesTest, AreFoundHoweverAnOptionNamesThem) {
  std::vector<std::string> found;
  for (const auto& [name, where] : named_interfaces_of_iptables(R"(# -i comment0
*filter
:INPUT DROP [0:0]
-A INPUT -i eth0 -j ACCEPT
[3:180] -A FORWARD ! -i neg0 -o out0 -j DROP
-A FORWARD -iglued0 --out-interface=equal0 -j DROP
-A FORWARD --in-interface long0	-o ! after0 -j DROP
-A FORWARD -m physdev --physdev-in port0 ! --physdev-out port1 -j DROP
-I INPUT 1 -i "quoted0" -m comment --comment "-i said0" -j LOG --log-prefix -o
-A INPUT -i ppp+ -o + -m comment --comment -iword0 -m comment --comment "a \" -i said1" -j ACCEPT
COMMIT
-A INPUT -i)")) {
    found.push_back(fmt::format("{} in {}", name, where));
  }
  EXPECT_THAT(found, testing::ElementsAre("eth0 in line 4", "neg0 in line 5", "out0 in line 5", "glued0 in line 6",
                                          "equal0 in line 6", "long0 in line 7", "after0 in line 7", "port0 in line 8",
                                          "port1 in line 8", "quoted0 in line 9"));
}

}  // namespace
}  // namespace netrig::nft
