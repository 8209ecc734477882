// Loads that make no sense are errors at once, by the name of what is wrong.
#include <netrig/traffic/connection_rate.h>
#include <netrig/traffic/latency.h>
#include <netrig/traffic/tcp_load.h>
#include <netrig/traffic/udp_load.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cmath>
#include <limits>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <type_traits>

namespace netrig::traffic {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;

template <class Load>
std::string refusal_of(Load load) {
  if (load.run.destination.is_unspecified()) load.run.destination = IpAddress::loopback(AddressFamily::ipv4);
  std::optional<Error> error;
  const auto keep = [&](auto result) {
    if (!result) error = result.error();
  };
  if constexpr (std::is_same_v<Load, TcpLoad>) keep(measure_tcp(load, {}));
  if constexpr (std::is_same_v<Load, UdpLoad>) keep(measure_udp(load, {}));
  if constexpr (std::is_same_v<Load, LatencyLoad>) keep(measure_latency(load, {}));
  if constexpr (std::is_same_v<Load, ConnectionLoad>) keep(measure_connections(load, {}));
  return error ? error->message() : "";
}

/// A load with one member changed.
template <class Load, class Change>
std::string with(Change change) {
  Load load;
  change(load);
  return refusal_of(load);
}

TEST(RefusedLoads, OfTcpNameWhatIsWrong) {
  const auto tcp = [](auto change) { return with<TcpLoad>(change); };
  EXPECT_THAT(tcp([](TcpLoad& load) { load.streams = 0; }),
              HasSubstr("measure tcp to 127.0.0.1: streams is 0: 1 to 1000"));
  EXPECT_THAT(tcp([](TcpLoad& load) { load.streams = 1001; }), HasSubstr("streams is 1001"));
  EXPECT_THAT(tcp([](TcpLoad& load) { load.duration = -1s; }), HasSubstr("duration is not above zero"));
  EXPECT_THAT(tcp([](TcpLoad& load) { load.duration = 0s; }), HasSubstr("duration is not above zero"));
  EXPECT_THAT(tcp([](TcpLoad& load) { load.bytes = ByteCount{0}; }), HasSubstr("bytes is zero"));
  EXPECT_THAT(tcp([](TcpLoad& load) { load.warm_up = -1s; }), HasSubstr("warm_up is below zero"));
  EXPECT_THAT(tcp([](TcpLoad& load) { load.warm_up = 1s; }), HasSubstr("warm_up is not less than duration"));
  EXPECT_THAT(tcp([](TcpLoad& load) { load.block = ByteCount{0}; }), HasSubstr("block is not from 1 byte"));
  EXPECT_THAT(tcp([](TcpLoad& load) {
                load.threads = TcpThreads::shared;
                load.run.server_cpu = 0;
              }),
              HasSubstr("threads is shared"));
  EXPECT_THAT(tcp([](TcpLoad& load) { load.mss = 87; }), HasSubstr("mss is 87"));
  EXPECT_THAT(tcp([](TcpLoad& load) { load.dscp = 64; }), HasSubstr("dscp is 64: 0 to 63"));
  EXPECT_THAT(tcp([](TcpLoad& load) { load.pace = Bandwidth::bits_per_second(7); }), HasSubstr("pace is below a byte"));
  EXPECT_THAT(tcp([](TcpLoad& load) { load.send_buffer = ByteCount{1ULL << 40U}; }), HasSubstr("a buffer is not from"));
  EXPECT_THAT(tcp([](TcpLoad& load) { load.congestion_control = "nonesuch"; }),
              HasSubstr("set congestion_control nonesuch in \"server\": ENOENT"));
  EXPECT_THAT(tcp([](TcpLoad& load) { load.verify = true, load.method = SendMethod::pages; }), HasSubstr("use copy"));
}

TEST(RefusedLoads, OfUdpNameWhatIsWrong) {
  const auto udp = [](auto change) { return with<UdpLoad>(change); };
  EXPECT_THAT(udp([](UdpLoad& load) { load.payload = 65508; }),
              HasSubstr("measure udp to 127.0.0.1: payload is 65508: 16"));
  EXPECT_THAT(udp([](UdpLoad& load) { load.payload = 15; }), HasSubstr("payload is 15"));
  EXPECT_THAT(udp([](UdpLoad& load) { load.streams = 0; }), HasSubstr("streams is 0: 1 to 1000"));
  EXPECT_THAT(udp([](UdpLoad& load) { load.streams = 1001; }), HasSubstr("streams is 1001"));
  EXPECT_THAT(udp([](UdpLoad& load) { load.rate = Bandwidth::bits_per_second(11'000); }),
              HasSubstr("rate is 11Kbit: less than one datagram a stream in duration"));
  EXPECT_THAT(udp([](UdpLoad& load) { load.duration = -1s; }), HasSubstr("duration is not above zero"));
  EXPECT_THAT(udp([](UdpLoad& load) { load.packets = 0; }), HasSubstr("packets is zero"));
  EXPECT_THAT(udp([](UdpLoad& load) { load.rate = Bandwidth{}; }), HasSubstr("rate is zero"));
  EXPECT_THAT(udp([](UdpLoad& load) { load.rate = Bandwidth::bits_per_second(1); }),
              HasSubstr("longer than run.patience"));
  EXPECT_THAT(udp([](UdpLoad& load) { load.linger = -1ns; }), HasSubstr("linger is below zero"));
  EXPECT_THAT(udp([](UdpLoad& load) { load.linger = load.run.patience; }), HasSubstr("linger is not less than"));
  EXPECT_THAT(udp([](UdpLoad& load) { load.verify = true, load.payload = 23; }), HasSubstr("payload is 23: verify"));
  EXPECT_THAT(Bandwidth::parse("99999999999999gbit").error().message(), HasSubstr("99999999999999gbit"));
}

TEST(RefusedLoads, OfRequestsNameWhatIsWrong) {
  const auto latency = [](auto change) { return with<LatencyLoad>(change); };
  EXPECT_THAT(latency([](LatencyLoad& load) { load.size = 65508; }),
              HasSubstr("measure latency to 127.0.0.1: size is 65508"));
  EXPECT_THAT(latency([](LatencyLoad& load) { load.rate = -1; }), HasSubstr("rate is -1"));
  EXPECT_THAT(latency([](LatencyLoad& load) { load.rate = std::nan(""); }), HasSubstr("rate is nan"));
  EXPECT_THAT(latency([](LatencyLoad& load) { load.rate = std::numeric_limits<double>::infinity(); }),
              HasSubstr("rate is inf"));
  EXPECT_THAT(latency([](LatencyLoad& load) { load.count = 0; }), HasSubstr("count is zero"));
  EXPECT_THAT(latency([](LatencyLoad& load) { load.timeout = 0s; }), HasSubstr("timeout is not above zero"));
  EXPECT_THAT(latency([](LatencyLoad& load) {
                load.protocol = LatencyLoad::Protocol::udp;
                load.timeout = load.run.patience;
              }),
              HasSubstr("timeout is not less than run.patience"));
}

TEST(RefusedLoads, OfConnectionsNameWhatIsWrong) {
  const auto connections = [](auto change) { return with<ConnectionLoad>(change); };
  EXPECT_THAT(connections([](ConnectionLoad& load) { load.count = 0; }),
              HasSubstr("measure connections to 127.0.0.1: count is zero"));
  EXPECT_THAT(connections([](ConnectionLoad& load) { load.parallel = 0; }), HasSubstr("parallel is 0"));
  EXPECT_THAT(connections([](ConnectionLoad& load) { load.hold = true, load.count = 60001; }),
              HasSubstr("count is 60001"));
}

TEST(RefusedLoads, NameWhatIsWrongWithTheRun) {
  const auto run = [](auto change) { return with<TcpLoad>([&](TcpLoad& load) { change(load.run); }); };
  EXPECT_THAT(run([](RunOptions& run) { run.interval = 9ms; }),
              HasSubstr("run.interval is not 0 (no samples) and not from 10 ms to 10 s"));
  EXPECT_THAT(run([](RunOptions& run) { run.interval = -1s; }), HasSubstr("run.interval"));
  EXPECT_THAT(run([](RunOptions& run) { run.patience = -1s; }), HasSubstr("run.patience is below 1 ms"));
  EXPECT_THAT(run([](RunOptions& run) { run.server_cpu = 100'000; }), HasSubstr("processor 100000 in \"server\""));
  EXPECT_THAT(run([](RunOptions& run) { run.destination = IpAddress::parse("224.0.0.1").value(); }),
              HasSubstr("multicast"));
  EXPECT_THAT(measure_tcp({}, {}).error().message(), HasSubstr("run.destination is not set"));
}

// Beyond them the clock's own numbers would not do.
TEST(RefusedLoads, AreThoseOfMoreThanThirtyDays) {
  static constexpr auto kEver = std::chrono::nanoseconds::max();
  EXPECT_THAT(with<TcpLoad>([](TcpLoad& load) { load.duration = kEver; }),
              HasSubstr("measure tcp to 127.0.0.1: duration is above 30 days"));
  EXPECT_THAT(with<TcpLoad>([](TcpLoad& load) { load.duration = kMostTime + 1ns; }), HasSubstr("duration is above"));
  EXPECT_THAT(with<TcpLoad>([](TcpLoad& load) { load.bytes = ByteCount{1}, load.warm_up = kEver; }),
              HasSubstr("warm_up is above 30 days"));
  EXPECT_THAT(with<UdpLoad>([](UdpLoad& load) { load.duration = kEver; }), HasSubstr("duration is above 30 days"));
  EXPECT_THAT(with<UdpLoad>([](UdpLoad& load) { load.duration = kEver, load.rate = Bandwidth::bits_per_second(1e6); }),
              HasSubstr("duration is above 30 days"));
  for (const double rate : {0.0, 1000.0}) {
    EXPECT_THAT(with<LatencyLoad>([&](LatencyLoad& load) { load.duration = kEver, load.rate = rate; }),
                HasSubstr("duration is above 30 days"));
  }
  EXPECT_THAT(with<LatencyLoad>([](LatencyLoad& load) { load.timeout = kEver; }),
              HasSubstr("timeout is above 30 days"));
  const auto patient = [](auto& load) { load.run.patience = kEver; };
  EXPECT_THAT(with<TcpLoad>(patient), HasSubstr("run.patience is above 30 days"));
  EXPECT_THAT(with<UdpLoad>(patient), HasSubstr("run.patience is above 30 days"));
  EXPECT_THAT(with<LatencyLoad>(patient), HasSubstr("run.patience is above 30 days"));
  EXPECT_THAT(with<ConnectionLoad>(patient), HasSubstr("run.patience is above 30 days"));
}

TEST(RefusedLoads, AreThoseToAClosedPort) {
  const auto closed = [](RunOptions& run) { run.destination_port = Port{9}; };
  EXPECT_THAT(
      with<TcpLoad>([&](TcpLoad& load) { closed(load.run); }),
      AllOf(HasSubstr("connect to 127.0.0.1:9 in \"client\": ECONNREFUSED"), HasSubstr("refused by 127.0.0.1:9")));
  EXPECT_THAT(with<UdpLoad>([&](UdpLoad& load) { closed(load.run); }),
              HasSubstr("send datagrams in \"client\": ECONNREFUSED (Connection refused): refused by 127.0.0.1"));
  EXPECT_THAT(with<LatencyLoad>([&](LatencyLoad& load) { closed(load.run); }), HasSubstr("ECONNREFUSED"));
  EXPECT_THAT(
      with<LatencyLoad>([&](LatencyLoad& load) { closed(load.run), load.protocol = LatencyLoad::Protocol::udp; }),
      HasSubstr("ECONNREFUSED"));
  EXPECT_THAT(with<ConnectionLoad>([&](ConnectionLoad& load) { closed(load.run); }),
              HasSubstr("refused by 127.0.0.1:9"));
}

TEST(RefusedLoads, AreThoseToNowhere) {
  const auto nowhere = [](auto& load) { load.run.destination = IpAddress::parse("192.0.2.1").value(); };
  EXPECT_THAT(with<TcpLoad>(nowhere), HasSubstr("connect to 192.0.2.1"));
  EXPECT_THAT(with<TcpLoad>(nowhere), HasSubstr("ENETUNREACH"));
  EXPECT_THAT(with<UdpLoad>(nowhere), HasSubstr("ENETUNREACH"));
  EXPECT_THAT(with<LatencyLoad>(nowhere), HasSubstr("ENETUNREACH"));
  EXPECT_THAT(with<ConnectionLoad>(nowhere), HasSubstr("ENETUNREACH"));
}

// ---- Ended before its time

template <class Load>
Load endless() {
  Load load;
  load.duration = 24h;
  load.run.destination = IpAddress::loopback(AddressFamily::ipv4);
  load.run.patience = 60s;
  return load;
}

TEST(Measurements, EndWhenTheyAreAskedTo) {
  std::stop_source stop;
  auto tcp = endless<TcpLoad>();
  auto udp = endless<UdpLoad>();
  udp.rate = Bandwidth::bits_per_second(10'000'000);
  auto latency = endless<LatencyLoad>();
  auto datagrams = latency;
  datagrams.protocol = LatencyLoad::Protocol::udp;
  const auto stopped_at_the_first_sample = [&](RunOptions& run) {
    stop = {};
    run.interval = 10ms;
    run.stop = stop.get_token();
    run.on_interval = [&stop](const Interval&) { stop.request_stop(); };
  };
  const auto error_of = [](const auto& result) { return result ? 0 : result.error().code; };
  stopped_at_the_first_sample(tcp.run);
  EXPECT_EQ(error_of(measure_tcp(tcp, {})), ECANCELED);
  stopped_at_the_first_sample(udp.run);
  EXPECT_EQ(error_of(measure_udp(udp, {})), ECANCELED);
  for (auto* requests : {&latency, &datagrams}) {
    for (const double rate : {0.0, 1000.0}) {
      requests->rate = rate;
      stopped_at_the_first_sample(requests->run);
      EXPECT_EQ(error_of(measure_latency(*requests, {})), ECANCELED);
    }
  }
  stopped_at_the_first_sample(latency.run);
  EXPECT_EQ(error_of(measure_working_latency(latency, endless<TcpLoad>(), {})), ECANCELED);
}

TEST(Measurements, LetGoOfTheirThreadsWhenACallbackThrows) {
  auto load = endless<TcpLoad>();
  load.run.interval = 10ms;
  load.run.on_interval = [](const Interval&) { throw std::runtime_error{"enough"}; };
  EXPECT_THROW((void)measure_tcp(load, {}), std::runtime_error);
}

TEST(Measurements, TellTheirIntervalsWhichAddUp) {
  TcpLoad load;
  load.duration = 100ms;
  load.run.destination = IpAddress::loopback(AddressFamily::ipv6);
  load.run.patience = 60s;
  load.run.interval = 10ms;
  std::size_t heard = 0;
  load.run.on_interval = [&heard](const Interval&) { ++heard; };
  const auto result = measure_tcp(load, {});
  ASSERT_TRUE(result) << result.error();
  ASSERT_EQ(result->intervals.size(), heard);
  ASSERT_GE(heard, 2U);
  ByteCount sum;
  auto end = 0ns;
  for (const auto& interval : result->intervals) {
    EXPECT_EQ(interval.from, end);
    end = interval.to;
    sum += interval.received;
  }
  EXPECT_EQ(sum, result->received);
}

}  // namespace
}  // namespace netrig::traffic
