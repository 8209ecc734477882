#include <netrig/net/ipv6_address.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <random>

namespace netrig {
inline namespace net {
namespace {

Ipv6Address parsed(std::string_view text) { return Ipv6Address::parse(text).value(); }

TEST(Ipv6Address, PrintsTheFormOfRfc5952) {
  // RFC 5952 sections 4.1 to 4.3 and 5.
  EXPECT_EQ(parsed("2001:0DB8:0:0:1:0:0:1").to_string(), "2001:db8::1:0:0:1");
  EXPECT_EQ(parsed("2001:db8:0:1:1:1:1:1").to_string(), "2001:db8:0:1:1:1:1:1");
  EXPECT_EQ(parsed("2001:0:0:1:0:0:0:1").to_string(), "2001:0:0:1::1");
  EXPECT_EQ(parsed("0:0:0:0:0:ffff:0a00:0001").to_string(), "::ffff:10.0.0.1");
  EXPECT_EQ(parsed("1:0:0:0:0:0:0:0").to_string(), "1::");
  EXPECT_EQ(Ipv6Address{}.to_string(), "::");
  EXPECT_EQ(Ipv6Address::loopback().to_string(), "::1");
}

TEST(Ipv6Address, PrintsAsInetNtopWhereverZerosAre) {
  // Every pattern of zero and other groups, with two kinds of other groups.
  std::mt19937_64 random{5952};
  for (unsigned pattern = 0; pattern < 256; ++pattern) {
    for (const unsigned other : {0xffffU, static_cast<unsigned>(random() % 0xffff) + 1U}) {
      Ipv6Address::Bytes bytes{};
      for (std::size_t group = 0; group < 8; ++group) {
        if ((pattern >> group & 1) == 0) continue;
        bytes[2 * group] = static_cast<std::uint8_t>(other >> 8);
        bytes[2 * group + 1] = static_cast<std::uint8_t>(other);
      }
      char expected[INET6_ADDRSTRLEN];
      ASSERT_NE(inet_ntop(AF_INET6, bytes.data(), expected, sizeof expected), nullptr);
      EXPECT_EQ(Ipv6Address{bytes}.to_string(), expected);
    }
  }
}

TEST(Ipv6Address, ParsesEveryFormOfRfc4291) {
  EXPECT_EQ(parsed("fd00::1").number(), Ipv6Address::Number{0xfd00} << 112 | 1U);
  EXPECT_EQ(parsed("::"), Ipv6Address{});
  EXPECT_EQ(parsed("1::"), parsed("1:0:0:0:0:0:0:0"));
  EXPECT_EQ(parsed("::13.1.68.3"), parsed("::d01:4403"));
  EXPECT_EQ(parsed("0:0:0:0:0:FFFF:129.144.52.38").mapped_ipv4(), (Ipv4Address{129, 144, 52, 38}));
  EXPECT_EQ(parsed("1:2:3:4:5:6:7::"), parsed("1:2:3:4:5:6:7:0"));
}

TEST(Ipv6Address, MalformedTextIsAnErrorThatQuotesItAndSaysWhy) {
  EXPECT_EQ(Ipv6Address::parse("fd00::1::2").error().message(),
            R"(parse IPv6 address "fd00::1::2": it has more than one ::)");
  EXPECT_EQ(Ipv6Address::parse("fe80::1%eth0").error().detail,
            "a zone is no part of an address: leave out the % and what follows");
  EXPECT_EQ(Ipv6Address::parse("1:2:3:4:5:6:7:8:9").error().detail, "it has more than eight groups");
  EXPECT_EQ(Ipv6Address::parse("1:2:3:4:5:6:7::8").error().detail, "its :: stands for no group at all");
  EXPECT_EQ(Ipv6Address::parse("1:2:3").error().detail, "it has fewer than eight groups and no ::");
  EXPECT_EQ(Ipv6Address::parse("12345::").error().detail, "a group has more than four digits");
  EXPECT_EQ(Ipv6Address::parse("::1:").error().detail, "a group between its colons is empty");
  EXPECT_EQ(Ipv6Address::parse("::g").error().detail, "it has something other than hexadecimal digits and colons");
  EXPECT_EQ(Ipv6Address::parse("::1.2.3").error().detail, "it needs four numbers between dots");
  EXPECT_EQ(Ipv6Address::parse("").error().message(), R"(parse IPv6 address "": a group between its colons is empty)");
}

TEST(Ipv6Address, KnowsItsKind) {
  EXPECT_TRUE(Ipv6Address{}.is_unspecified());
  EXPECT_TRUE(Ipv6Address::loopback().is_loopback());
  EXPECT_TRUE(parsed("febf::1").is_link_local());
  EXPECT_FALSE(parsed("fec0::1").is_link_local());
  EXPECT_TRUE(parsed("ff02::1").is_multicast());
  EXPECT_TRUE(parsed("fdff::1").is_private());
  EXPECT_EQ(parsed("::10.0.0.1").mapped_ipv4(), std::nullopt);
}

}  // namespace
}  // namespace net
}  // namespace netrig
