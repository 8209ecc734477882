#include <netrig/net/ip_prefix.h>
#include <netrig/net/literals.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace netrig {
inline namespace net {
namespace {

TEST(Prefix, ParsesAndPrintsBothFamilies) {
  EXPECT_EQ(Ipv4Prefix::parse("10.2.0.0/15").value().to_string(), "10.2.0.0/15");
  EXPECT_EQ(Ipv6Prefix::parse("FD00:0:0::/40").value().to_string(), "fd00::/40");
  EXPECT_EQ(IpPrefix::parse("0.0.0.0/0"), IpPrefix::any(AddressFamily::ipv4));
  EXPECT_EQ(IpPrefix::parse("::/0"), IpPrefix::any(AddressFamily::ipv6));
}

TEST(Prefix, HostBitsAreAnErrorThatNamesTheRightPrefix) {
  EXPECT_EQ(IpPrefix::parse("10.2.0.1/24").error().message(),
            R"(parse IPv4 prefix "10.2.0.1/24": host bits are set: the prefix is 10.2.0.0/24)");
  EXPECT_EQ(IpPrefix::parse("fd00::1/64").error().message(),
            R"(parse IPv6 prefix "fd00::1/64": host bits are set: the prefix is fd00::/64)");
  EXPECT_EQ(IpPrefix::make("10.2.0.1"_ip, 8).error().message(),
            "make prefix 10.2.0.1/8: host bits are set: the prefix is 10.0.0.0/8");
}

TEST(Prefix, MalformedTextIsAnErrorThatQuotesItAndSaysWhy) {
  EXPECT_EQ(IpPrefix::parse("10.0.0.0").error().message(),
            R"(parse IPv4 prefix "10.0.0.0": say the prefix length too, as in .../32)");
  EXPECT_EQ(IpPrefix::parse("10.0.0.0/33").error().detail, "the prefix length has to be one of 0 to 32");
  EXPECT_EQ(IpPrefix::parse("fd00::/129").error().detail, "the prefix length has to be one of 0 to 128");
  EXPECT_EQ(IpPrefix::parse("10.0.0.0/").error().detail, "the prefix length has to be one of 0 to 32");
  EXPECT_EQ(IpPrefix::parse("10.0.0/8").error().detail, "it needs four numbers between dots");
  EXPECT_EQ(IpPrefix::parse("lan").error().detail, "it is neither like 10.0.0.0/8 nor like fd00::/8");
  EXPECT_EQ(IpPrefix::make("::"_ip, 129).error().detail, "the prefix length is over 128");
}

TEST(Prefix, KnowsItsEnds) {
  EXPECT_EQ("10.2.0.0/23"_net.last_address(), "10.2.1.255"_ip);
  EXPECT_EQ("10.2.0.0/23"_net.netmask(), "255.255.254.0"_ip);
  EXPECT_EQ("fd00::/120"_net.last_address(), "fd00::ff"_ip);
  EXPECT_EQ("0.0.0.0/0"_net.netmask(), "0.0.0.0"_ip);
  EXPECT_EQ("0.0.0.0/0"_net.last_address(), "255.255.255.255"_ip);
}

TEST(Prefix, CountsItsAddressesAndSaturates) {
  EXPECT_EQ("10.0.0.0/24"_net.size(), 256U);
  EXPECT_EQ("0.0.0.0/0"_net.size(), 1ULL << 32);
  EXPECT_EQ("10.0.0.1/32"_net.size(), 1U);
  EXPECT_EQ("fd00::/65"_net.size(), 1ULL << 63);
  EXPECT_EQ("fd00::/64"_net.size(), ~0ULL);
  EXPECT_EQ("::/0"_net.size(), ~0ULL);
}

TEST(Prefix, ContainsAndOverlaps) {
  EXPECT_TRUE("10.0.0.0/8"_net.contains("10.255.255.255"_ip));
  EXPECT_FALSE("10.0.0.0/8"_net.contains("11.0.0.0"_ip));
  EXPECT_TRUE("::/0"_net.contains("ff02::1"_ip));
  EXPECT_FALSE("::/0"_net.contains("10.0.0.1"_ip)) << "the other family";
  EXPECT_TRUE("10.0.0.0/8"_net.contains("10.1.0.0/16"_net));
  EXPECT_FALSE("10.1.0.0/16"_net.contains("10.0.0.0/8"_net));
  EXPECT_TRUE("10.1.0.0/16"_net.overlaps("10.0.0.0/8"_net));
  EXPECT_FALSE("10.1.0.0/16"_net.overlaps("10.2.0.0/16"_net));
}

TEST(Prefix, NumbersItsHosts) {
  EXPECT_EQ("10.2.0.0/24"_net.host(7), "10.2.0.7"_ip);
  EXPECT_EQ("10.2.0.0/16"_net.host(256), "10.2.1.0"_ip);
  EXPECT_EQ("fd00::/64"_net.host(0xffff'ffff'ffff'ffff), "fd00::ffff:ffff:ffff:ffff"_ip);
  EXPECT_EQ("fd00::/112"_net.host(0xffff), "fd00::ffff"_ip) << "IPv6 has no broadcast address";
}

TEST(Prefix, KeepsTheNetworkAndItsBroadcastAddressFromHosts) {
  EXPECT_EQ("10.2.0.0/24"_net.host(0).error().message(),
            "take host number 0 of 10.2.0.0/24: its hosts are number 1 to 254");
  EXPECT_FALSE("10.2.0.0/24"_net.host(255));
  EXPECT_FALSE("fd00::/64"_net.host(0));
  EXPECT_FALSE("fd00::/112"_net.host(0x10000));
}

TEST(Prefix, UsesBothAddressesOfAPairAndTheOneOfASingle) {
  EXPECT_EQ("10.2.0.0/31"_net.host(0), "10.2.0.0"_ip);
  EXPECT_EQ("10.2.0.0/31"_net.host(1), "10.2.0.1"_ip);
  EXPECT_FALSE("10.2.0.0/31"_net.host(2));
  EXPECT_EQ("fd00::/127"_net.host(1), "fd00::1"_ip);
  EXPECT_EQ("10.2.0.9/32"_net.host(0), "10.2.0.9"_ip);
  EXPECT_EQ(IpPrefix::single("fd00::9"_ip).host(0), "fd00::9"_ip);
}

TEST(Prefix, DividesIntoSubnets) {
  EXPECT_EQ("10.2.0.0/24"_net.subnet(26, 3), "10.2.0.192/26"_net);
  EXPECT_EQ("10.0.0.0/8"_net.subnet(8, 0), "10.0.0.0/8"_net);
  EXPECT_EQ("0.0.0.0/0"_net.subnet(32, 0xffffffff), "255.255.255.255/32"_net);
  EXPECT_EQ("fd00::/48"_net.subnet(64, 0xffff), "fd00:0:0:ffff::/64"_net);
  EXPECT_EQ("::/0"_net.subnet(128, 5), "::5/128"_net);
  EXPECT_EQ("10.2.0.0/24"_net.subnet_count(26), 4U);
  EXPECT_EQ("10.2.0.0/24"_net.subnet_count(23), 0U);
}

TEST(Prefix, SubnetsThatDoNotExistAreErrors) {
  EXPECT_EQ("10.2.0.0/24"_net.subnet(26, 4).error().message(),
            "take subnet number 4 of length 26 of 10.2.0.0/24: it has 4 of that length");
  EXPECT_EQ("10.2.0.0/24"_net.subnet(23, 0).error().detail, "its subnets have lengths of 24 to 32");
  EXPECT_FALSE("10.2.0.0/24"_net.subnet(33, 0));
  EXPECT_FALSE("0.0.0.0/0"_net.subnet(0, 1));
}

TEST(Prefix, SubnetsTileTheirPrefix) {
  std::mt19937_64 random{4632};
  for (int round = 0; round < 500; ++round) {
    const auto length = static_cast<unsigned>(random() % 33);
    const auto whole = Ipv4Prefix::holding(Ipv4Address::from_number(static_cast<std::uint32_t>(random())), length);
    const auto part = length + static_cast<unsigned>(random() % (33 - length));
    const auto count = whole.subnet_count(part);
    const auto index = random() % count;
    const auto subnet = whole.subnet(part, index).value();
    EXPECT_TRUE(whole.contains(subnet));
    EXPECT_EQ(index == 0, subnet.address() == whole.address());
    EXPECT_EQ(index + 1 == count, subnet.last_address() == whole.last_address());
    if (index > 0) {
      EXPECT_EQ(whole.subnet(part, index - 1).value().last_address().number() + 1, subnet.address().number());
    }
  }
}

TEST(Prefix, HoldingClearsTheHostBits) {
  EXPECT_EQ(IpPrefix::holding("10.2.3.4"_ip, 20), "10.2.0.0/20"_net);
  EXPECT_THROW(IpPrefix::holding("10.2.3.4"_ip, 33), SetupError);
}

TEST(Prefix, OrdersByAddressThenShorterFirst) {
  EXPECT_LT("10.0.0.0/8"_net, "10.0.0.0/16"_net);
  EXPECT_LT("10.0.0.0/16"_net, "10.1.0.0/16"_net);
  EXPECT_LT("255.0.0.0/8"_net, "::/0"_net);
}

}  // namespace
}  // namespace net
}  // namespace netrig
