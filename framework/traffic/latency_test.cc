// Requests and answers over loopback, in the sandbox's own network.
#include <netrig/traffic/latency.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace netrig::traffic {
namespace {

using namespace std::chrono_literals;
using Protocol = LatencyLoad::Protocol;

class Latencies : public ::testing::TestWithParam<AddressFamily> {
 protected:
  LatencyLoad load(Protocol protocol, double rate) const {
    LatencyLoad load;
    load.protocol = protocol;
    load.rate = rate;
    load.count = 200;
    load.timeout = 59s;
    load.run.destination = IpAddress::loopback(GetParam());
    load.run.patience = 60s;
    return load;
  }
};
INSTANTIATE_TEST_SUITE_P(BothFamilies, Latencies, ::testing::Values(AddressFamily::ipv4, AddressFamily::ipv6),
                         [](const auto& family) { return family.param == AddressFamily::ipv4 ? "IPv4" : "IPv6"; });

TEST_P(Latencies, AreTakenOfEveryRequest) {
  for (const auto protocol : {Protocol::tcp, Protocol::udp}) {
    for (const double rate : {0.0, 10'000.0}) {
      const auto result = measure_latency(load(protocol, rate), {});
      ASSERT_TRUE(result) << result.error();
      EXPECT_EQ(result->requests, 200U);
      EXPECT_EQ(result->times.count(), 200U) << *result;
      EXPECT_EQ(result->lost, 0U);
      EXPECT_GT(result->times.min(), 0ns);
      EXPECT_GT(result->answer_rate(), 0);
    }
  }
}

TEST_P(Latencies, OfLargeRequestsAreTakenToo) {
  for (const auto protocol : {Protocol::tcp, Protocol::udp}) {
    auto large = load(protocol, protocol == Protocol::tcp ? 10'000 : 0);
    large.size = 65507;
    large.count = 20;
    const auto result = measure_latency(large, {});
    ASSERT_TRUE(result) << result.error();
    EXPECT_EQ(result->times.count(), 20U);
  }
}

// Requests are due every 5 ms; the last cannot have gone out before its turn.
TEST_P(Latencies, KeepTheSchedule) {
  auto slow = load(Protocol::udp, 200);
  slow.count = 11;
  const auto result = measure_latency(slow, {});
  ASSERT_TRUE(result) << result.error();
  EXPECT_GE(result->elapsed, 50ms);
}

TEST_P(Latencies, UnderLoadComeWithTheLoadAndItsResponsiveness) {
  TcpLoad bulk;
  bulk.streams = 2;
  bulk.run.patience = 60s;
  const auto working = measure_working_latency(load(Protocol::tcp, 0), bulk, {});
  ASSERT_TRUE(working) << working.error();
  EXPECT_EQ(working->requests.times.count(), 200U);
  EXPECT_GE(working->connects.count(), 100U);
  EXPECT_EQ(working->load.received, working->load.sent);
  EXPECT_EQ(working->load.streams.size(), 2U);
  EXPECT_GT(working->responsiveness(), 0);
}

// On the caller's thread, or not at all.
TEST_P(Latencies, UnderLoadHearOfIntervalsAndMayThrow) {
  auto requests = load(Protocol::tcp, 100);
  requests.count = {};
  requests.duration = 24h;
  TcpLoad bulk;
  bulk.run.on_interval = [](const Interval&) {};
  const auto refused = measure_working_latency(requests, bulk, {});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), ::testing::HasSubstr("bulk.run.on_interval"));
  bulk.run.on_interval = {};
  requests.run.interval = 10ms;
  requests.run.on_interval = [](const Interval&) { throw std::runtime_error{"heard"}; };
  EXPECT_THROW((void)measure_working_latency(requests, bulk, {}), std::runtime_error);
}

TEST(WorkingLatency, CountsRoundTripsAMinuteWithoutTheSlowest) {
  WorkingLatency working;
  working.connects.record(1ms, 99);
  working.connects.record(10s);
  working.requests.times.record(3ms, 99);
  working.requests.times.record(10s);
  EXPECT_NEAR(working.responsiveness(), 60 / 0.002, 300);
}

}  // namespace
}  // namespace netrig::traffic
