// That the presets are what nft itself would print. What they do to packets is tested in suites/nat.
#include <netrig/nft/fresh_network.h>
#include <netrig/nft/frontend.h>
#include <netrig/nft/preset_text.h>
#include <netrig/nft/presets.h>
#include <netrig/nft/presets_firewall.h>

#include <gmock/gmock.h>

namespace netrig::nft {
namespace {

using testing::HasSubstr;
using testing::Not;

const InterfaceName kLan{"lan"};
const InterfaceName kWan{"wan"};

class FirewallPresetsTest : public FreshNetworkTest {
 protected:
  // What the kernel gives back of a text.
  static std::string loaded(const std::string& text) {
    auto nft = value_or_throw(Frontend::open("node"));
    value_or_throw(nft.load_text(text));
    return value_or_throw(nft.list());
  }
};

TEST_F(FirewallPresetsTest, TheRoutersIsListedAsItIsPrinted) {
  for (const auto filtering :
       {Filtering::endpoint_independent, Filtering::address_dependent, Filtering::address_and_port_dependent}) {
    for (const bool unique_local : {false, true}) {
      const auto text = router_firewall({.inside = kLan,
                                         .outside = kWan,
                                         .filtering = filtering,
                                         .unique_local = unique_local,
                                         .timeouts = {.udp = std::chrono::seconds{150}}});
      EXPECT_EQ(without_policies(loaded("flush ruleset\n" + text)), without_policies(text)) << filtering;
    }
  }
}

TEST_F(FirewallPresetsTest, TheClientsIsListedAsItIsPrinted) {
  EXPECT_EQ(loaded(client_firewall()), client_firewall());
}

TEST_F(FirewallPresetsTest, TheOfficesIsListedAsItIsPrinted) {
  const auto text = corporate_firewall(kLan, kWan);
  EXPECT_EQ(loaded(text), text);
}

TEST_F(FirewallPresetsTest, TheGuidesAreListedAsTheyArePrinted) {
  for (const auto& ruleset : {guide_gateway(kLan, kWan), guide_output()}) {
    ASSERT_TRUE(apply(socket(), Transaction{}.flush_ruleset().add(ruleset)));
    EXPECT_EQ(to_string(listing()), to_string(ruleset));
  }
}

TEST(RouterFirewallTest, LetsUniqueLocalAddressesThroughOnlyWhenTold) {
  const RouterFirewall strict{.inside = kLan, .outside = kWan};
  EXPECT_THAT(router_firewall(strict), HasSubstr("fc00::/7 drop"));
  RouterFirewall lenient = strict;
  lenient.unique_local = true;
  EXPECT_THAT(router_firewall(lenient), Not(HasSubstr("fc00::/7")));
}

TEST(RouterFirewallTest, WritesItsTimeOuts) {
  const auto text = router_firewall({.inside = kLan, .outside = kWan});
  EXPECT_THAT(text, HasSubstr("policy = { unreplied : 300, replied : 300 }"));
  EXPECT_THAT(text, HasSubstr("syn_sent : 240, syn_recv : 240, established : 7440, fin_wait : 240"));
}

TEST(BehaviourTest, PrintsTheWordsOfTheRfcs) {
  EXPECT_EQ(to_string(Mapping::endpoint_independent), "endpoint-independent");
  EXPECT_EQ(to_string(Mapping::address_dependent), "address-dependent");
  EXPECT_EQ(to_string(Filtering::address_and_port_dependent), "address-and-port-dependent");
}

TEST(DurationTextTest, IsAsNftPrintsTimes) {
  EXPECT_EQ(duration_text(std::chrono::seconds{7440}), "2h4m");
  EXPECT_EQ(duration_text(std::chrono::seconds{90}), "1m30s");
  EXPECT_EQ(duration_text(std::chrono::seconds{86400}), "1d");
  EXPECT_EQ(duration_text(std::chrono::seconds{0}), "0s");
}

}  // namespace
}  // namespace netrig::nft
