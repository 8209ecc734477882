// Who set the pace: on made-up results, and on what must not be suspected. A token bucket's turn is in suites/traffic.
#include <netrig/base/scope_exit.h>
#include <netrig/net/literals.h>
#include <netrig/traffic/connection_rate.h>
#include <netrig/traffic/latency.h>
#include <netrig/traffic/tcp_side.h>
#include <netrig/traffic/udp_load.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

namespace netrig::traffic {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// A second on a path of 10 ms with a sender of its own thread.
TcpResult tcp_result(std::chrono::milliseconds busy, std::chrono::milliseconds held_up) {
  TcpResult result;
  result.elapsed = 900ms;
  result.warm_up = 100ms;
  result.threads = TcpThreads::each_side;
  auto& stream = result.streams.emplace_back();
  stream.rtt = 11ms;
  stream.min_rtt = 10ms;
  result.busy_time = stream.busy_time = busy;
  result.sndbuf_limited = stream.sndbuf_limited = held_up;
  return result;
}

TEST(SenderLimit, IsTheBufferThatHeldTheSenderBack) {
  const auto result = tcp_result(1000ms, 620ms);
  EXPECT_THAT(result.spoilers(), ElementsAre(HasSubstr("sender-limited: the send buffer held the sender back 62% of")));
  EXPECT_THAT(result.to_string(), HasSubstr("\n  spoiled: sender-limited"));
  EXPECT_THAT(tcp_result(1000ms, 90ms).spoilers(), IsEmpty());
}

TEST(SenderLimit, IsNotWhatStandsInAQueueOnTheWay) {
  auto result = tcp_result(1000ms, 900ms);
  result.streams[0].rtt = 20ms;
  EXPECT_THAT(result.spoilers(), IsEmpty());
}

TEST(SenderLimit, IsASenderThatNeitherSendsNorRuns) {
  auto result = tcp_result(400ms, 0ms);
  result.client.cpu = 300ms;
  EXPECT_THAT(result.spoilers(), ElementsAre(HasSubstr("application-limited: the sender was busy only 40% of the time, "
                                                       "and had a processor 30% of it")));
  result.client.cpu = 360ms;
  EXPECT_THAT(result.spoilers(), IsEmpty());
  result.direction = Direction::reverse;  // whose sender is the server
  EXPECT_THAT(result.spoilers(), ElementsAre(HasSubstr("had a processor 0% of it")));
  result.threads = TcpThreads::shared;  // the sender's thread receives meanwhile
  EXPECT_THAT(result.spoilers(), IsEmpty());
}

TEST(SenderLimit, IsASenderOfSeveralStreamsThatAreIdleAtOnce) {
  auto result = tcp_result(400ms, 0ms);
  result.streams.push_back(result.streams[0]);
  result.busy_time *= 2;
  EXPECT_THAT(result.spoilers(),
              ElementsAre(HasSubstr("application-limited: the sender was busy only 40% of the time")));
  result.streams[1].busy_time = 800ms;
  EXPECT_THAT(result.spoilers(), IsEmpty());
}

TEST(SenderLimit, IsNotToldOfAFewTicks) {
  auto result = tcp_result(20ms, 10ms);
  result.elapsed = 99ms;
  EXPECT_THAT(result.spoilers(), IsEmpty());
}

TEST(SenderLimit, HasTheKernelsFigures) {
  tcp_info info{};
  info.tcpi_busy_time = 3;
  info.tcpi_rwnd_limited = 2;
  info.tcpi_sndbuf_limited = 1;
  TcpStream stream;
  tell(stream, info);
  EXPECT_EQ(stream.busy_time, 3us);
  EXPECT_EQ(stream.rwnd_limited, 2us);
  EXPECT_EQ(stream.sndbuf_limited, 1us);
}

TEST(SenderLimit, IsADatagramRateThatWasNotReached) {
  UdpResult result;
  result.sent = result.received = 90;
  result.bytes = ByteCount{90'000};
  result.sending = 1s;
  result.streams.resize(2);
  result.asked = 400_kbit;  // each of the two
  EXPECT_THAT(result.spoilers(),
              ElementsAre(HasSubstr("sender-limited: 0.8 Mbit/s were asked for and 0.72 Mbit/s sent")));
  EXPECT_THAT(result.to_string(), HasSubstr("\n  spoiled: sender-limited"));
  result.refused = 6;  // by the sender's kernel: it had been sent
  EXPECT_THAT(result.spoilers(), IsEmpty());
  result.refused = 0;
  result.blocked = 60ms;  // by the link
  EXPECT_THAT(result.spoilers(), IsEmpty());
}

// A second of which others had a processor 0.8 seconds.
constexpr MachineUse kShared{.elapsed = 1s, .busy = 1500ms, .own = 700ms, .cpus = 2};

template <class Result>
class Spoilers : public ::testing::Test {};
using Results = ::testing::Types<TcpResult, UdpResult, LatencyResult, ConnectionRateResult>;
TYPED_TEST_SUITE(Spoilers, Results);

TYPED_TEST(Spoilers, OfTheMachineAreToldOfEachResult) {
  TypeParam result;
  EXPECT_THAT(result.to_string(), Not(HasSubstr("spoiled")));
  result.machine = kShared;
  EXPECT_THAT(result.to_string(), HasSubstr("\n  spoiled: other programs used 0.8 of 2 CPUs"));
}

TEST(SenderLimit, IsToldBeforeWhatTheMachineDid) {
  auto result = tcp_result(1000ms, 620ms);
  result.machine = kShared;
  EXPECT_THAT(result.spoilers(), ElementsAre(HasSubstr("sender-limited")));
  EXPECT_THAT(result.to_string(), ContainsRegex("spoiled: sender-limited[^\n]*\n  spoiled: other programs"));
}

class SenderLimits : public ::testing::TestWithParam<AddressFamily> {};
INSTANTIATE_TEST_SUITE_P(BothFamilies, SenderLimits, ::testing::Values(AddressFamily::ipv4, AddressFamily::ipv6),
                         [](const auto& family) { return family.param == AddressFamily::ipv4 ? "IPv4" : "IPv6"; });

// No machine sends a terabit of datagrams a second one by one.
TEST_P(SenderLimits, AreFoundInDatagramsThatNobodyCanSendSoFast) {
  UdpLoad load{
      .rate = 1000_gbit, .duration = 20ms, .linger = 10ms, .run = {.destination = IpAddress::loopback(GetParam())}};
  const auto result = measure_udp(load, {});
  ASSERT_TRUE(result) << result.error();
  EXPECT_THAT(result->spoilers(), ElementsAre(HasSubstr("sender-limited: 1e+06 Mbit/s were asked for")));
  load.rate.reset();
  EXPECT_THAT(value_or_throw(measure_udp(load, {})).spoilers(), IsEmpty());
}

// A program beside it, that wants a processor for itself.
TEST_P(SenderLimits, AreNotTheOnlyThingThatSpoils) {
  const pid_t beside = ::fork();
  if (beside == 0) {
    volatile std::uint64_t spins = 0;
    for (;;) spins = spins + 1;
  }
  ASSERT_GT(beside, 0);
  const ScopeExit end{[&] {
    ::kill(beside, SIGKILL);
    ::waitpid(beside, nullptr, 0);
  }};
  LatencyLoad load{.rate = 100, .duration = 400ms, .run = {.destination = IpAddress::loopback(GetParam())}};
  const auto result = measure_latency(load, {});
  ASSERT_TRUE(result) << result.error();
  EXPECT_GE(result->machine.elapsed, result->elapsed);
  EXPECT_GT(result->machine.own, 0ns);
  EXPECT_THAT(result->machine.spoilers(), Contains(HasSubstr("other programs used")));
}

// The kernel holds back what is paced: something is always to be sent.
TEST_P(SenderLimits, AreNotThePaceAskedFor) {
  TcpLoad load{.duration = 250ms, .pace = 50_mbit, .run = {.destination = IpAddress::loopback(GetParam())}};
  const auto result = measure_tcp(load, {});
  ASSERT_TRUE(result) << result.error();
  EXPECT_THAT(result->spoilers(), IsEmpty());
  EXPECT_GT(result->busy_time, result->elapsed / 2);
  EXPECT_EQ(result->busy_time, result->streams[0].busy_time);
}

}  // namespace
}  // namespace netrig::traffic
