#include <netrig/net/literals.h>
#include <netrig/net/mac_address.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace netrig {
inline namespace net {
namespace {

TEST(MacAddress, ParsesBothCasesAndPrintsLower) {
  EXPECT_EQ(MacAddress::parse("02:6E:00:00:0a:FF").value().to_string(), "02:6e:00:00:0a:ff");
}

TEST(MacAddress, MalformedTextIsAnErrorThatQuotesIt) {
  for (const auto* text : {"", "02:6e:00:00:00", "02:6e:00:00:00:7", "02-6e-00-00-00-07", "02:6e:00:00:00:0g",
                           "02:6e:00:00:00:07:", "026e00000007", ":02:6e:00:00:00:0"}) {
    const auto parsed = MacAddress::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().message(), std::string{"parse MAC address \""} + text +
                                            "\": it needs six pairs of hexadecimal digits between colons");
  }
}

TEST(MacAddress, LocalOnesAreUnicastAndNobodysHardware) {
  for (const std::uint64_t seed : {0ULL, 1ULL, 7141ULL}) {
    EXPECT_TRUE(MacAddress::local(7, seed).is_local());
    EXPECT_FALSE(MacAddress::local(7, seed).is_multicast());
  }
}

TEST(MacAddress, LocalOnesFollowFromTheirNumberAndSeed) {
  EXPECT_EQ(MacAddress::local(7).to_string(), "02:6e:00:00:00:07");
  EXPECT_EQ(MacAddress::local(0xdeadbeef).to_string(), "02:6e:de:ad:be:ef");
  EXPECT_NE(MacAddress::local(7, 1), MacAddress::local(7, 2));
  std::set<MacAddress> seen;
  for (std::uint32_t number = 0; number < 1000; ++number) seen.insert(MacAddress::local(number, 7141));
  EXPECT_EQ(seen.size(), 1000U);
}

TEST(MacAddress, GivesTheLinkLocalAddressThatTheKernelForms) {
  // RFC 4291 appendix A: the universal/local bit is inverted.
  EXPECT_EQ("34:56:78:9a:bc:de"_mac.link_local(), "fe80::3656:78ff:fe9a:bcde"_ip6);
  EXPECT_EQ("02:6e:00:00:00:07"_mac.link_local(), "fe80::6e:ff:fe00:7"_ip6);
}

TEST(MacAddress, KnowsItsKind) {
  EXPECT_TRUE(MacAddress::broadcast().is_broadcast());
  EXPECT_TRUE("01:00:5e:00:00:01"_mac.is_multicast());
  EXPECT_TRUE(MacAddress{}.is_zero());
}

}  // namespace
}  // namespace net
}  // namespace netrig
