// Bulk TCP over loopback, in the sandbox's own network.
#include <netrig/traffic/tcp_load.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netrig::traffic {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr std::uint64_t kBytes = 4 << 20;

class TcpLoads : public ::testing::TestWithParam<AddressFamily> {
 protected:
  TcpLoad load() const {
    TcpLoad load;
    load.bytes = ByteCount{kBytes};
    load.run.destination = IpAddress::loopback(GetParam());
    load.run.patience = 60s;
    return load;
  }
};
INSTANTIATE_TEST_SUITE_P(BothFamilies, TcpLoads, ::testing::Values(AddressFamily::ipv4, AddressFamily::ipv6),
                         [](const auto& family) { return family.param == AddressFamily::ipv4 ? "IPv4" : "IPv6"; });

TEST_P(TcpLoads, ArriveToTheByte) {
  const auto result = measure_tcp(load(), {});
  ASSERT_TRUE(result) << result.error();
  EXPECT_EQ(result->received.value(), kBytes);
  EXPECT_EQ(result->sent.value(), kBytes);
  EXPECT_GT(result->goodput().bits_per_second(), 0U);
  EXPECT_GT(result->client.cpu, 0ns);
  EXPECT_GT(result->server.cpu, 0ns);
  ASSERT_EQ(result->streams.size(), 1U);
  EXPECT_GT(result->streams[0].rtt, 0ns);
  EXPECT_GT(result->streams[0].congestion_window.value(), 0U);
}

TEST_P(TcpLoads, GoEveryWayByEveryMethod) {
  for (const auto direction : {Direction::forward, Direction::reverse, Direction::both}) {
    for (const auto method : {SendMethod::copy, SendMethod::pages, SendMethod::zero_copy}) {
      auto some = load();
      some.direction = direction;
      some.method = method;
      some.streams = 3;
      some.verify = method != SendMethod::pages;
      const auto result = measure_tcp(some, {});
      ASSERT_TRUE(result) << result.error();
      const std::uint64_t ways = direction == Direction::both ? 2 : 1;
      EXPECT_EQ(result->streams.size(), 3 * ways);
      EXPECT_EQ(result->received.value(), 3 * ways * kBytes);
    }
  }
}

// A block that no call takes whole, and many that one takes.
TEST_P(TcpLoads, AreMovedByOneThreadForBothSidesOrOneEach) {
  for (const auto threads : {TcpThreads::shared, TcpThreads::each_side}) {
    for (const std::uint64_t block : {100ULL, 50'000ULL, 4ULL << 20U}) {
      for (const bool verify : {false, true}) {
        auto some = load();
        some.bytes = ByteCount{300'001};
        some.direction = Direction::both;
        some.streams = 3;
        some.threads = threads;
        some.block = ByteCount{block};
        some.verify = verify;
        const auto result = measure_tcp(some, {});
        ASSERT_TRUE(result) << result.error();
        EXPECT_EQ(result->threads, threads);
        EXPECT_EQ(result->received.value(), 6 * 300'001U);
        EXPECT_GT(result->client.cpu, 0ns);
        EXPECT_GT(result->server.cpu, 0ns);
      }
    }
  }
}

TEST_P(TcpLoads, GiveEachOfManyStreamsItsTurn) {
  auto some = load();
  some.bytes.reset();
  some.duration = 1ms;
  some.streams = 400;
  const auto result = measure_tcp(some, {});
  ASSERT_TRUE(result) << result.error();
  EXPECT_EQ(result->threads, TcpThreads::shared);
  for (const auto& stream : result->streams) EXPECT_GT(stream.received.value(), 0U);
}

TEST_P(TcpLoads, AreNotMeasuredWhenTheyEndedBeforeTheWarmUp) {
  auto some = load();
  some.warm_up = 10s;
  const auto result = measure_tcp(some, {});
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message(), HasSubstr("before the warm-up ended"));
}

TEST_P(TcpLoads, HaveAThreadASideWhereTheReceiverHasWorkOrTheyArePinnedApart) {
  auto some = load();
  EXPECT_EQ(measure_tcp(some, {}).value().threads, TcpThreads::shared);
  some.run.client_cpu = some.run.server_cpu = 0;
  EXPECT_EQ(measure_tcp(some, {}).value().threads, TcpThreads::shared);
  some.verify = true;
  EXPECT_EQ(measure_tcp(some, {}).value().threads, TcpThreads::each_side);
  some.verify = false;
  some.run.server_cpu.reset();
  EXPECT_EQ(measure_tcp(some, {}).value().threads, TcpThreads::each_side);
}

TEST_P(TcpLoads, TellEachStreamsPartOfAnInterval) {
  auto some = load();
  some.streams = 2;
  some.direction = Direction::both;
  some.run.interval = 10ms;
  const auto result = measure_tcp(some, {});
  ASSERT_TRUE(result) << result.error();
  ASSERT_EQ(result->streams.size(), 4U);
  std::vector<std::uint64_t> bytes(4);
  for (const auto& interval : result->intervals) {
    ASSERT_EQ(interval.streams.size(), 4U);
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      bytes[i] += interval.streams[i].received.value();
      sum += interval.streams[i].received.value();
      EXPECT_GT(interval.streams[i].congestion_window.value(), 0U);
    }
    EXPECT_EQ(interval.received.value(), sum);
  }
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(bytes[i], result->streams[i].received.value()) << i;
}

}  // namespace
}  // namespace netrig::traffic
