#include <netrig/net/ipv4_address.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netrig {
inline namespace net {
namespace {

TEST(Ipv4Address, PrintsAsADottedQuad) {
  EXPECT_EQ((Ipv4Address{10, 0, 200, 1}).to_string(), "10.0.200.1");
  EXPECT_EQ(Ipv4Address{}.to_string(), "0.0.0.0");
}

TEST(Ipv4Address, ParsesWhatItPrints) {
  EXPECT_EQ(Ipv4Address::parse("192.168.0.255"), (Ipv4Address{192, 168, 0, 255}));
}

TEST(Ipv4Address, NumbersAreInHostOrder) {
  EXPECT_EQ((Ipv4Address{10, 0, 0, 1}).number(), 0x0a000001U);
  EXPECT_EQ(Ipv4Address::from_number(0x0a000001), (Ipv4Address{10, 0, 0, 1}));
}

TEST(Ipv4Address, OrdersByNumber) { EXPECT_LT((Ipv4Address{9, 255, 255, 255}), (Ipv4Address{10, 0, 0, 0})); }

TEST(Ipv4Address, MalformedTextIsAnErrorThatQuotesItAndSaysWhy) {
  EXPECT_EQ(Ipv4Address::parse("10.0.0.300").error().message(),
            R"(parse IPv4 address "10.0.0.300": a number is too great)");
  EXPECT_EQ(Ipv4Address::parse("10.0.0.01").error().message(),
            R"(parse IPv4 address "10.0.0.01": a number has a leading zero: leave it out)");
  EXPECT_EQ(Ipv4Address::parse("10.1").error().message(),
            R"(parse IPv4 address "10.1": it needs four numbers between dots)");
  EXPECT_EQ(Ipv4Address::parse("1.2.3.4.5").error().detail, "it needs four numbers between dots");
  EXPECT_EQ(Ipv4Address::parse("1.2..4").error().detail, "a number is missing");
  EXPECT_EQ(Ipv4Address::parse(" 1.2.3.4").error().detail, "a number has something other than decimal digits");
}

TEST(Ipv4Address, KnowsItsKind) {
  EXPECT_TRUE(Ipv4Address{}.is_unspecified());
  EXPECT_TRUE((Ipv4Address{127, 1, 2, 3}).is_loopback());
  EXPECT_TRUE((Ipv4Address{169, 254, 0, 1}).is_link_local());
  EXPECT_TRUE((Ipv4Address{224, 0, 0, 1}).is_multicast());
  EXPECT_TRUE((Ipv4Address{239, 255, 0, 1}).is_multicast());
  EXPECT_FALSE((Ipv4Address{240, 0, 0, 1}).is_multicast());
  EXPECT_TRUE(Ipv4Address::broadcast().is_broadcast());
  EXPECT_TRUE((Ipv4Address{172, 31, 0, 1}).is_private());
  EXPECT_FALSE((Ipv4Address{172, 32, 0, 1}).is_private());
}

}  // namespace
}  // namespace net
}  // namespace netrig
