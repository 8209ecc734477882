// Datagrams over loopback, in the sandbox's own network.
#include <netrig/traffic/udp_load.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netrig::traffic {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class UdpLoads : public ::testing::TestWithParam<AddressFamily> {
 protected:
  // Slow enough, and few enough for the receiver's buffer, that none needs be lost however loaded the machine is.
  UdpLoad load() const {
    UdpLoad load;
    load.packets = 100;
    load.rate = Bandwidth::bits_per_second(100'000'000);
    load.run.destination = IpAddress::loopback(GetParam());
    load.run.patience = 60s;
    return load;
  }
};
INSTANTIATE_TEST_SUITE_P(BothFamilies, UdpLoads, ::testing::Values(AddressFamily::ipv4, AddressFamily::ipv6),
                         [](const auto& family) { return family.param == AddressFamily::ipv4 ? "IPv4" : "IPv6"; });

TEST_P(UdpLoads, ArriveEachOnceAndInOrder) {
  for (const std::size_t payload : {16U, 64U, 1400U, 65507U}) {
    auto some = load();
    some.payload = payload;
    some.packets = payload > 1400 ? 5 : 100;
    some.verify = true;
    const auto result = measure_udp(some, {});
    ASSERT_TRUE(result) << result.error();
    EXPECT_EQ(result->sent, *some.packets);
    EXPECT_EQ(result->received, *some.packets) << *result;
    EXPECT_EQ(result->bytes.value(), *some.packets * payload);
    EXPECT_EQ(result->duplicates + result->reordered + result->lost() + result->refused, 0U) << *result;
    EXPECT_EQ(result->delay.count(), *some.packets);
    EXPECT_GT(result->delay.min(), 0ns);
  }
}

TEST_P(UdpLoads, GoAsFastAsTheyCanInSegmentsAndAlone) {
  for (const bool segmentation : {true, false}) {
    auto some = load();
    some.rate = {};
    some.payload = 1000;
    some.segmentation = segmentation;
    const auto result = measure_udp(some, {});
    ASSERT_TRUE(result) << result.error();
    EXPECT_EQ(result->segmented, segmentation);
    EXPECT_EQ(result->sent, 100U);
    EXPECT_EQ(result->received, 100U) << *result;
  }
}

TEST_P(UdpLoads, SendNoMoreThanTheRate) {
  auto some = load();
  some.payload = 1250;
  some.rate = Bandwidth::bits_per_second(1'000'000);  // a hundred a second
  some.packets = 11;
  const auto result = measure_udp(some, {});
  ASSERT_TRUE(result) << result.error();
  EXPECT_GE(result->sending, 100ms);
}

}  // namespace
}  // namespace netrig::traffic
