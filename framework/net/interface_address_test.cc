#include <netrig/net/interface_address.h>
#include <netrig/net/literals.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netrig {
inline namespace net {
namespace {

TEST(InterfaceAddress, KeepsTheHostBits) {
  const auto own = InterfaceAddress::parse("10.0.0.1/24").value();
  EXPECT_EQ(own.address(), "10.0.0.1"_ip);
  EXPECT_EQ(own.length(), 24U);
  EXPECT_EQ(own.prefix(), "10.0.0.0/24"_net);
  EXPECT_EQ(own.to_string(), "10.0.0.1/24");
  EXPECT_EQ(InterfaceAddress::parse("fd00::1/64"), "fd00::1/64"_ifaddr);
}

TEST(InterfaceAddress, MalformedTextIsAnErrorThatQuotesItAndSaysWhy) {
  EXPECT_EQ(InterfaceAddress::parse("10.0.0.1").error().message(),
            R"(parse interface address "10.0.0.1": say the prefix length too, as in .../32)");
  EXPECT_EQ(InterfaceAddress::parse("fd00::1").error().detail, "say the prefix length too, as in .../128");
  EXPECT_EQ(InterfaceAddress::parse("10.0.0/24").error().message(),
            R"(parse interface address "10.0.0/24": it needs four numbers between dots)");
  EXPECT_EQ(InterfaceAddress::parse("10.0.0.1/+4").error().detail, "the prefix length has to be one of 0 to 32");
}

TEST(InterfaceAddress, RefusesALengthOverTheFamilys) {
  EXPECT_EQ(InterfaceAddress::make("10.0.0.1"_ip, 33).error().message(),
            "make interface address 10.0.0.1/33: the prefix length is over 32");
  EXPECT_THROW((InterfaceAddress{"10.0.0.1"_ip, 33}), SetupError);
}

}  // namespace
}  // namespace net
}  // namespace netrig
