#include <netrig/nft/fresh_network.h>
#include <netrig/nft/frontend.h>
#include <netrig/nft/interfaces.h>

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

}  // namespace
}  // namespace netrig::nft
