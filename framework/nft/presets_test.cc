#include <netrig/nft/fresh_network.h>
#include <netrig/nft/presets.h>

#include <gmock/gmock.h>

namespace netrig::nft {
namespace {

const InterfaceName kInside{"br0"};
const InterfaceName kOutside{"wan0"};
const IpAddress kServer4 = IpAddress::parse("10.2.0.2").value();
const IpAddress kServer6 = IpAddress::parse("fd02::2").value();

// The guide's NAT and forwarding for both families, as a lab would put it together.
Ruleset guide() {
  Ruleset ruleset = nat_masquerade(kOutside, IpPrefix::parse("10.2.0.0/24").value());
  ruleset.add(nat_masquerade(kOutside, IpPrefix::parse("fd02::/64").value()));
  ruleset.add(port_forward(kOutside, Protocol::tcp, Port{8080}, kServer4, Port{80}));
  ruleset.add(port_forward(kOutside, Protocol::tcp, Port{8080}, kServer6, Port{80}));
  ruleset.add(forward_policy(Policy::drop));
  Chain rules = Chain::regular("forward");
  rules.add(allow_out(kInside, kOutside)).add(allow_replies(kInside, kOutside));
  rules.add(allow_published(Protocol::tcp, kServer4, Port{80})).add(allow_published(Protocol::tcp, kServer6, Port{80}));
  ruleset.add(Table{.family = Family::inet, .name = "filter", .chains = {rules}});
  return ruleset;
}

constexpr const char* kGuideText = R"(table inet nat {
	chain postrouting {
		type nat hook postrouting priority srcnat; policy accept;
		oifname "wan0" ip saddr 10.2.0.0/24 counter packets 0 bytes 0 masquerade
		oifname "wan0" ip6 saddr fd02::/64 counter packets 0 bytes 0 masquerade
	}

	chain prerouting {
		type nat hook prerouting priority dstnat; policy accept;
		iifname "wan0" tcp dport 8080 counter packets 0 bytes 0 dnat ip to 10.2.0.2:80
		iifname "wan0" tcp dport 8080 counter packets 0 bytes 0 dnat ip6 to [fd02::2]:80
	}
}
table inet filter {
	chain forward {
		type filter hook forward priority filter; policy drop;
		iifname "br0" oifname "wan0" counter packets 0 bytes 0 accept
		iifname "wan0" oifname "br0" ct state established,related counter packets 0 bytes 0 accept
		ip daddr 10.2.0.2 tcp dport 80 ct state established,related,new counter packets 0 bytes 0 accept
		ip6 daddr fd02::2 tcp dport 80 ct state established,related,new counter packets 0 bytes 0 accept
	}
}
)";

TEST(PresetsTest, TheGuidesRulesExpandIntoOneReadableRuleset) { EXPECT_EQ(to_string(guide()), kGuideText); }

TEST(PresetsTest, MasqueradeWithoutAPrefixIsForBothFamilies) {
  EXPECT_THAT(to_string(nat_masquerade(kOutside)),
              testing::HasSubstr("\toifname \"wan0\" counter packets 0 bytes 0 masquerade\n"));
}

TEST(PresetsTest, PoliciesAreEmptyChains) {
  EXPECT_THAT(to_string(input_policy(Policy::drop)),
              testing::HasSubstr("hook input priority filter; policy drop;\n\t}"));
  EXPECT_THAT(to_string(output_policy(Policy::accept)),
              testing::HasSubstr("hook output priority filter; policy accept;\n\t}"));
}

TEST(PresetsTest, OnlyTheNamedServicesGoOut) {
  const Ruleset ruleset = only_out({{Protocol::tcp, Port{80}}, {Protocol::udp, Port{53}}}, true);
  EXPECT_EQ(to_string(ruleset), R"(table inet filter {
	chain output {
		type filter hook output priority filter; policy drop;
		ct state established,related counter packets 0 bytes 0 accept
		icmpv6 type nd-neighbor-solicit counter packets 0 bytes 0 accept
		icmpv6 type nd-neighbor-advert counter packets 0 bytes 0 accept
		tcp dport 80 counter packets 0 bytes 0 accept
		udp dport 53 counter packets 0 bytes 0 accept
	}
}
)");
}

class PresetsInTheKernelTest : public FreshNetworkTest {};

TEST_F(PresetsInTheKernelTest, TheKernelTakesThemAsTheyPrint) {
  const auto applied = apply(socket(), guide());
  ASSERT_TRUE(applied) << applied.error();
  EXPECT_EQ(to_string(listing()), kGuideText);
  const std::string witness = NETRIG_OUTPUT_OR_SKIP("nft list ruleset");
  EXPECT_EQ(witness, kGuideText);
}

TEST_F(PresetsInTheKernelTest, OnlyTheNamedServicesLeave) {
  ASSERT_TRUE(apply(socket(), only_out({{Protocol::udp, Port{53}}})));
  for (const char* loopback : {"127.0.0.1", "::1"}) {
    EXPECT_EQ(send_udp(loopback, 53), 0) << loopback;
    EXPECT_EQ(send_udp(loopback, 54), EPERM) << loopback;
  }
}

}  // namespace
}  // namespace netrig::nft
