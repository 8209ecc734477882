#include <netrig/traffic/service.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netrig::traffic {
namespace {

using ::testing::HasSubstr;

TEST(Service, PrintsAndParsesBack) {
  for (const auto& service : {icmp(), tcp(80), udp(53), tcp(65535)}) {
    const auto parsed = Service::parse(service.to_string());
    ASSERT_TRUE(parsed) << parsed.error();
    EXPECT_EQ(*parsed, service);
  }
  EXPECT_EQ(tcp(80).to_string(), "tcp/80");
}

TEST(Service, QuotesWhatItCannotRead) {
  for (const auto* text : {"", "tcp", "tcp/", "tcp/65536", "sctp/80", "icmp/1", "tcp/ 80", "udp/-1"}) {
    const auto parsed = Service::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_THAT(parsed.error().message(), HasSubstr(text));
  }
}

TEST(Service, HasAPortUnlessItIsIcmp) {
  EXPECT_FALSE(icmp().port());
  EXPECT_EQ(udp(53).port(), Port{53});
}

}  // namespace
}  // namespace netrig::traffic
