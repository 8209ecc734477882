#include <netrig/net/literals.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netrig {
inline namespace net {
namespace {

TEST(Literals, AreWhatParseGives) {
  EXPECT_EQ(Ipv4Address::parse("10.0.0.1"), "10.0.0.1"_ip4);
  EXPECT_EQ(Ipv6Address::parse("fd00::1"), "fd00::1"_ip6);
  EXPECT_EQ(IpAddress::parse("10.0.0.1"), "10.0.0.1"_ip);
  EXPECT_EQ(IpAddress::parse("::ffff:10.0.0.1"), "::ffff:10.0.0.1"_ip);
  EXPECT_EQ(IpPrefix::parse("10.2.0.0/15"), "10.2.0.0/15"_net);
  EXPECT_EQ(IpPrefix::parse("fd00::/8"), "fd00::/8"_net);
  EXPECT_EQ(InterfaceAddress::parse("fd00::1/8"), "fd00::1/8"_ifaddr);
  EXPECT_EQ(MacAddress::parse("02:00:00:00:00:01"), "02:00:00:00:00:01"_mac);
  EXPECT_EQ(InterfaceName::parse("eth0"), "eth0"_interface);
  EXPECT_EQ(Port::parse("80"), 80_port);
}

// What is said of values in constant expressions holds at compile time.
static_assert("10.0.0.0/8"_net.contains("10.2.3.4"_ip));
static_assert(!"10.0.0.0/8"_net.contains("::1"_ip));
static_assert("fd00::/48"_net.subnet_count(64) == 65536);
static_assert(MacAddress::local(7) == "02:6e:00:00:00:07"_mac);
static_assert(InterfaceName{"eth0"}.view() == "eth0");
static_assert(100_mbit < 5_gbit && 64_kbyte + 1_byte == 64001_byte);

}  // namespace
}  // namespace net
}  // namespace netrig
