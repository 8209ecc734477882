#include <netrig/net/ip_address.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unordered_set>

namespace netrig {
inline namespace net {
namespace {

TEST(IpAddress, TakesTheFamilyOfTheText) {
  EXPECT_EQ(IpAddress::parse("10.0.0.1").value().v4(), (Ipv4Address{10, 0, 0, 1}));
  EXPECT_EQ(IpAddress::parse("::1").value().v6(), Ipv6Address::loopback());
  EXPECT_EQ(IpAddress::parse("::1").value().family(), AddressFamily::ipv6);
}

TEST(IpAddress, TextOfNeitherFamilyIsAnErrorThatShowsBoth) {
  EXPECT_EQ(IpAddress::parse("server").error().message(),
            R"(parse IP address "server": it is neither like 10.0.0.1 nor like fd00::1)");
}

TEST(IpAddress, BytesGoThereAndBack) {
  for (const auto* text : {"10.1.2.3", "fd00::1:2"}) {
    const auto address = IpAddress::parse(text).value();
    EXPECT_EQ(IpAddress::from_bytes(address.bytes()), address);
  }
  const std::uint8_t five[5] = {};
  EXPECT_EQ(IpAddress::from_bytes(five), std::nullopt);
}

TEST(IpAddress, OrdersIpv4BeforeIpv6) {
  EXPECT_LT(IpAddress{Ipv4Address::broadcast()}, IpAddress{Ipv6Address{}});
  EXPECT_NE(IpAddress::any(AddressFamily::ipv4), IpAddress::any(AddressFamily::ipv6));
}

TEST(IpAddress, AsksTheRightFamilyForItsKind) {
  for (const auto family : kAddressFamilies) {
    EXPECT_TRUE(IpAddress::any(family).is_unspecified());
    EXPECT_TRUE(IpAddress::loopback(family).is_loopback());
    EXPECT_FALSE(IpAddress::loopback(family).is_link_local());
  }
  EXPECT_TRUE(IpAddress::parse("ff02::1").value().is_multicast());
  EXPECT_TRUE(IpAddress::parse("10.0.0.1").value().is_private());
}

TEST(IpAddress, HashesAndPrints) {
  const std::unordered_set<IpAddress> seen{IpAddress::parse("10.0.0.1").value(), IpAddress::parse("::1").value()};
  EXPECT_TRUE(seen.contains(IpAddress::loopback(AddressFamily::ipv6)));
  EXPECT_FALSE(seen.contains(IpAddress::loopback(AddressFamily::ipv4)));
  std::ostringstream out;
  out << IpAddress::loopback(AddressFamily::ipv4) << ' ' << AddressFamily::ipv6;
  EXPECT_EQ(out.str(), "127.0.0.1 ipv6");
}

TEST(AddressFamily, ParsesTheNamesThatToolsUse) {
  for (const auto* text : {"ipv6", "inet6", "6"}) EXPECT_EQ(parse_address_family(text), AddressFamily::ipv6);
  EXPECT_EQ(parse_address_family("inet"), AddressFamily::ipv4);
  EXPECT_EQ(parse_address_family("ip").error().message(), R"(parse address family "ip": it is either ipv4 or ipv6)");
}

}  // namespace
}  // namespace net
}  // namespace netrig
