#include <netrig/nft/names.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netrig::nft {
namespace {

using testing::HasSubstr;

TEST(NftNamesTest, PrioritiesPrintByNameWithinTenOfIt) {
  EXPECT_EQ(priority_name(0, Family::inet, Hook::forward), "filter");
  EXPECT_EQ(priority_name(-153, Family::ip6, Hook::input), "mangle - 3");
  EXPECT_EQ(priority_name(60, Family::ip, Hook::input), "security + 10");
  EXPECT_EQ(priority_name(61, Family::ip, Hook::input), "61");
}

TEST(NftNamesTest, TranslationPrioritiesHaveNamesOnlyAtTheirHook) {
  EXPECT_EQ(priority_name(-100, Family::inet, Hook::prerouting), "dstnat");
  EXPECT_EQ(priority_name(-100, Family::inet, Hook::forward), "-100");
  EXPECT_EQ(priority_name(95, Family::inet, Hook::postrouting), "srcnat - 5");
  EXPECT_EQ(priority_name(95, Family::inet, Hook::input), "95");
}

TEST(NftNamesTest, BridgeTablesHaveOtherPriorities) {
  EXPECT_EQ(priority_name(-200, Family::bridge, Hook::forward), "filter");
  EXPECT_EQ(priority_name(0, Family::bridge, Hook::forward), "0");
  EXPECT_EQ(priority_name(100, Family::bridge, Hook::output), "out");
}

TEST(NftNamesTest, PrioritiesAreReadAsNftWritesThem) {
  EXPECT_EQ(parse_priority("filter", Family::inet).value(), 0);
  EXPECT_EQ(parse_priority("mangle - 3", Family::ip).value(), -153);
  EXPECT_EQ(parse_priority("dstnat+1", Family::ip6).value(), -99);
  EXPECT_EQ(parse_priority("-211", Family::inet).value(), -211);
  EXPECT_EQ(parse_priority("filter", Family::bridge).value(), -200);
}

TEST(NftNamesTest, MalformedPrioritiesAreQuoted) {
  for (const std::string text : {"", "filtre", "filter -", "filter - x", "filter - -1", "1 2", "99999999999999"}) {
    const auto priority = parse_priority(text, Family::inet);
    ASSERT_FALSE(priority) << text;
    EXPECT_THAT(priority.error().message(), HasSubstr("'" + text + "'"));
  }
}

TEST(NftNamesTest, FamiliesAreReadAndPrinted) {
  for (const char* text : {"inet", "ip", "ip6", "bridge", "arp", "netdev"}) {
    EXPECT_EQ(to_string(parse_family(text).value()), text);
  }
  EXPECT_THAT(parse_family("ipx").error().message(), HasSubstr("'ipx'"));
}

TEST(NftNamesTest, NumbersWithoutANamePrintAsNumbers) {
  EXPECT_EQ(to_string(Protocol::icmpv6), "ipv6-icmp");
  EXPECT_EQ(to_string(static_cast<Protocol>(250)), "250");
  EXPECT_EQ(to_string(static_cast<IcmpType>(77)), "77");
  EXPECT_EQ(to_string(static_cast<Icmpv6Type>(144)), "144");
}

TEST(NftNamesTest, ConnectionStatesPrintInTheOrderOfTheirBits) {
  EXPECT_EQ(to_string(CtState::related | CtState::established), "established,related");
  EXPECT_EQ(to_string(CtState::untracked | CtState::new_connection | CtState::invalid), "invalid,new,untracked");
}

}  // namespace
}  // namespace netrig::nft
