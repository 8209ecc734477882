// Datagrams over loopback, in the sandbox's own network.
#include <netrig/traffic/udp_load.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

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
  for (const std::size_t payload : {16U, 24U, 64U, 1400U, 65507U}) {
    auto some = load();
    some.payload = payload;
    some.packets = payload > 1400 ? 5 : 100;
    some.verify = payload > 16;
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

TEST_P(UdpLoads, OfSeveralStreamsAreCountedEachByItself) {
  auto some = load();
  some.streams = 4;
  some.packets = 25;
  some.verify = true;
  some.run.interval = 10ms;
  const auto result = measure_udp(some, {});
  ASSERT_TRUE(result) << result.error();
  EXPECT_EQ(result->sent, 100U);
  EXPECT_EQ(result->received, 100U) << *result;
  EXPECT_EQ(result->delay.count(), 100U);
  ASSERT_EQ(result->streams.size(), 4U);
  std::set<Endpoint> ports;
  for (const auto& stream : result->streams) {
    ports.insert(stream.from);
    EXPECT_EQ(stream.to.address, some.run.destination);
    EXPECT_EQ(stream.sent, 25U);
    EXPECT_EQ(stream.received, 25U);
    EXPECT_EQ(stream.bytes.value(), 25U * some.payload);
    EXPECT_EQ(stream.duplicates + stream.reordered + stream.refused, 0U);
    EXPECT_LE(stream.ended, result->elapsed);
  }
  EXPECT_EQ(ports.size(), 4U);
}

TEST_P(UdpLoads, TellEachStreamsPartOfAnInterval) {
  auto some = load();
  some.streams = 3;
  some.packets = 20;
  some.run.interval = 10ms;
  const auto result = measure_udp(some, {});
  ASSERT_TRUE(result) << result.error();
  std::vector<std::uint64_t> packets(3);
  for (const auto& interval : result->intervals) {
    ASSERT_EQ(interval.streams.size(), 3U);
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      packets[i] += interval.streams[i].packets;
      sum += interval.streams[i].packets;
      EXPECT_EQ(interval.streams[i].lost, 0U);
    }
    EXPECT_EQ(interval.packets, sum);
    EXPECT_EQ(interval.received.value(), sum * some.payload);
  }
  EXPECT_THAT(packets, ::testing::ElementsAre(20U, 20U, 20U));
}

// Each is a socket and has its turn. A thousand datagrams at once may be more than the receiver's buffer takes.
TEST_P(UdpLoads, GoOverAThousandStreams) {
  auto some = load();
  some.streams = 1000;
  some.packets = 2;
  some.payload = 16;
  some.rate = {};
  some.linger = 10ms;
  const auto result = measure_udp(some, {});
  ASSERT_TRUE(result) << result.error();
  ASSERT_EQ(result->streams.size(), 1000U);
  std::uint64_t received = 0;
  for (const auto& stream : result->streams) {
    EXPECT_EQ(stream.sent, 2U);
    received += stream.received;
  }
  EXPECT_EQ(received, result->received);
}

// Half a gap lies between the first of one stream and the first of the other.
TEST_P(UdpLoads, SendEachStreamAtTheRate) {
  auto some = load();
  some.streams = 2;
  some.payload = 1250;
  some.rate = Bandwidth::bits_per_second(1'000'000);  // a hundred a second, each
  some.packets = 6;
  const auto result = measure_udp(some, {});
  ASSERT_TRUE(result) << result.error();
  EXPECT_EQ(result->sent, 12U);
  EXPECT_GE(result->sending, 55ms);
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
