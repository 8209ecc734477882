#include <netrig/traffic/report.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace netrig::traffic {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using Json = nlohmann::json;

// 1 MB in the warm-up of 0.5 s, 8 MB in the second after it.
TcpLoad tcp_load() {
  return {.duration = 1500ms, .warm_up = 500ms, .dscp = 10, .run = {.destination = Ipv4Address{10, 0, 0, 2}}};
}

TcpResult tcp_result() {
  TcpResult result;
  result.sent = result.received = ByteCount{9'000'000};
  result.counted = ByteCount{8'000'000};
  result.warm_up = 500ms;
  result.elapsed = 1s;
  result.retransmits = 7;
  result.client.cpu = 300ms;
  result.congestion_control = "cubic";
  result.receiver_congestion_control = "reno";
  TcpStream stream;
  stream.from = {Ipv4Address{10, 0, 0, 1}, Port{40'000}};
  stream.to = {Ipv4Address{10, 0, 0, 2}, Port{5201}};
  stream.sent = stream.received = ByteCount{9'000'000};
  stream.counted = ByteCount{8'000'000};
  stream.ended = 1500ms;
  stream.retransmits = 7;
  stream.rtt = 65us;
  result.streams.push_back(stream);
  result.intervals.resize(2);
  auto& warm_up = result.intervals[0];
  warm_up.to = 500ms;
  warm_up.received = ByteCount{1'000'000};
  warm_up.retransmits = 3;
  auto& counted = result.intervals[1];
  counted.from = 500ms;
  counted.to = 1s;
  counted.received = ByteCount{4'000'000};
  counted.retransmits = 4;
  return result;
}

UdpResult udp_result() {
  UdpResult result;
  result.sent = 1000;
  result.received = 900;
  result.reordered = 5;
  result.bytes = ByteCount{1'260'000};
  result.elapsed = 1s;
  result.sending = 500ms;
  result.jitter = 250us;
  auto& interval = result.intervals.emplace_back();
  interval.to = 1s;
  interval.received = result.bytes;
  interval.packets = 900;
  interval.lost = 100;
  for (const std::uint64_t lost : {100U, 0U}) {
    auto& stream = result.streams.emplace_back();
    stream.from = {Ipv4Address{10, 0, 0, 1}, Port{static_cast<std::uint16_t>(40'000 + lost)}};
    stream.sent = 500;
    stream.received = 500 - lost;
    stream.reordered = 5;
    stream.bytes = ByteCount{stream.received * 1400};
    stream.jitter = std::chrono::microseconds{lost};
    auto& part = interval.streams.emplace_back();
    part.packets = stream.received;
    part.lost = lost;
    part.received = stream.bytes;
    part.jitter = stream.jitter;
  }
  return result;
}

TEST(ReportJson, TellsTcpAtBothEnds) {
  const auto report = Json::parse(to_json(tcp_load(), tcp_result()));
  const auto& end = report.at("end");
  EXPECT_EQ(end.at("sum_received").at("bits_per_second"), 64e6);
  EXPECT_EQ(end.at("sum_sent").at("bits_per_second"), 48e6);
  EXPECT_EQ(end.at("sum_sent").at("retransmits"), 7);
  EXPECT_EQ(end.at("streams").at(0).at("sender").at("retransmits"), 7);
  EXPECT_EQ(end.at("streams").at(0).at("sender").at("rtt"), 65);
  EXPECT_EQ(end.at("cpu_utilization_percent").at("host_total"), 20);
  EXPECT_EQ(end.at("sender_tcp_congestion"), "cubic");
  EXPECT_EQ(end.at("receiver_tcp_congestion"), "reno");
  EXPECT_EQ(end.at("streams").at(0).at("receiver").at("start"), 0.5);
  EXPECT_EQ(end.at("streams").at(0).at("receiver").at("bytes"), 8'000'000);
}

TEST(ReportJson, TellsWhatLimitedTheSender) {
  auto result = tcp_result();
  auto& stream = result.streams[0];
  result.busy_time = stream.busy_time = 1500ms;
  result.rwnd_limited = stream.rwnd_limited = 250ms;
  result.sndbuf_limited = stream.sndbuf_limited = 750ms;
  stream.min_rtt = 60us;
  const auto end = Json::parse(to_json(tcp_load(), result)).at("end");
  for (const auto& sender : {end.at("streams").at(0).at("sender"), end.at("sum_sent")}) {
    EXPECT_EQ(sender.at("busy_time"), 1.5);
    EXPECT_EQ(sender.at("rwnd_limited"), 0.25);
    EXPECT_EQ(sender.at("sndbuf_limited"), 0.75);
  }
  ASSERT_EQ(end.at("spoilers").size(), 1U);
  EXPECT_THAT(end.at("spoilers").at(0), HasSubstr("held the sender back 50% of the time"));
  EXPECT_THAT(to_table(result), HasSubstr("7\n  spoiled: sender-limited: the send buffer"));
  auto udp = udp_result();
  EXPECT_EQ(Json::parse(to_json(UdpLoad{}, udp)).at("end").at("spoilers"), Json::array());
  udp.asked = Bandwidth::bits_per_second(20'000'000);
  EXPECT_EQ(Json::parse(to_json(UdpLoad{}, udp)).at("end").at("spoilers").size(), 1U);
  EXPECT_THAT(to_table(udp), HasSubstr("\n  spoiled: sender-limited: 40 Mbit/s were asked for and 22.4 Mbit/s sent"));
}

TEST(ReportJson, TellsWhatTcpWasAskedFor) {
  const auto start = Json::parse(to_json(tcp_load(), tcp_result())).at("start");
  EXPECT_EQ(start.at("test_start").at("protocol"), "TCP");
  EXPECT_EQ(start.at("test_start").at("omit"), 0.5);
  EXPECT_EQ(start.at("test_start").at("duration"), 1.5);
  EXPECT_EQ(start.at("test_start").at("tos"), 40);
  EXPECT_EQ(start.at("connected").at(0).at("remote_port"), 5201);
}

TEST(ReportJson, OmitsTheIntervalsOfTheWarmUp) {
  const auto intervals = Json::parse(to_json(tcp_load(), tcp_result())).at("intervals");
  ASSERT_EQ(intervals.size(), 2U);
  EXPECT_EQ(intervals[0].at("sum").at("omitted"), true);
  EXPECT_EQ(intervals[1].at("sum").at("omitted"), false);
  EXPECT_EQ(intervals[1].at("sum").at("bits_per_second"), 64e6);
  EXPECT_EQ(intervals[1].at("sum").at("retransmits"), 4);
}

TEST(ReportJson, TellsUdpAtBothEnds) {
  const auto end = Json::parse(to_json(UdpLoad{.payload = 1400}, udp_result())).at("end");
  EXPECT_EQ(end.at("sum_sent").at("bits_per_second"), 22.4e6);
  EXPECT_EQ(end.at("sum_received").at("bits_per_second"), 10.08e6);
  EXPECT_EQ(end.at("sum").at("jitter_ms"), 0.25);
  EXPECT_EQ(end.at("sum").at("packets"), 1000);
  EXPECT_EQ(end.at("sum").at("lost_packets"), 100);
  EXPECT_EQ(end.at("sum").at("lost_percent"), 10);
  EXPECT_EQ(end.at("streams").at(0).at("udp").at("out_of_order"), 5);
}

TEST(ReportJson, TellsEachUdpStream) {
  const auto report = Json::parse(to_json(UdpLoad{.streams = 2, .packets = 500}, udp_result()));
  EXPECT_EQ(report.at("start").at("test_start").at("num_streams"), 2);
  EXPECT_EQ(report.at("start").at("test_start").at("blocks"), 1000);
  EXPECT_EQ(report.at("start").at("connected").at(0).at("local_port"), 40'100);
  const auto& streams = report.at("end").at("streams");
  ASSERT_EQ(streams.size(), 2U);
  EXPECT_EQ(streams[0].at("udp").at("packets"), 500);
  EXPECT_EQ(streams[0].at("udp").at("lost_packets"), 100);
  EXPECT_EQ(streams[0].at("udp").at("lost_percent"), 20);
  EXPECT_EQ(streams[0].at("udp").at("jitter_ms"), 0.1);
  EXPECT_EQ(streams[0].at("udp").at("bits_per_second"), 4.48e6);
  EXPECT_EQ(streams[1].at("udp").at("lost_packets"), 0);
}

TEST(ReportJson, TellsEachStreamsPartOfAnInterval) {
  const auto udp = Json::parse(to_json(UdpLoad{.streams = 2}, udp_result())).at("intervals").at(0);
  EXPECT_EQ(udp.at("streams").at(0).at("packets"), 500);
  EXPECT_EQ(udp.at("streams").at(0).at("lost_packets"), 100);
  EXPECT_EQ(udp.at("streams").at(1).at("bits_per_second"), 5.6e6);
  EXPECT_EQ(udp.at("sum").at("packets"), 1000);
  auto result = tcp_result();
  result.intervals[0].streams.resize(2);
  result.intervals[0].streams[1].retransmits = 3;
  result.intervals[0].streams[1].received = ByteCount{1'000'000};
  result.intervals[0].streams[1].congestion_window = ByteCount{14'480};
  const auto tcp = Json::parse(to_json(tcp_load(), result)).at("intervals").at(0).at("streams").at(1);
  EXPECT_EQ(tcp.at("retransmits"), 3);
  EXPECT_EQ(tcp.at("bytes"), 1'000'000);
  EXPECT_EQ(tcp.at("snd_cwnd"), 14'480);
  EXPECT_EQ(tcp.at("omitted"), true);
}

TEST(ReportJson, TellsTimesInMicroseconds) {
  LatencyResult result;
  for (int i = 0; i < 99; ++i) result.times.record(100ns);
  result.times.record(50us);
  result.requests = 100;
  result.elapsed = 1s;
  const auto end = Json::parse(to_json(LatencyLoad{}, result)).at("end");
  EXPECT_EQ(end.at("latency_us").at("p50"), 0.1);
  EXPECT_EQ(end.at("latency_us").at("max"), 50);
  EXPECT_EQ(end.at("sum").at("answers_per_second"), 100);
  EXPECT_EQ(end.at("histogram_us").at(0).at(2), 99);
}

TEST(ReportJson, TellsConnectionsAndTheirMemory) {
  ConnectionRateResult result;
  result.connections = result.held = 50;
  result.elapsed = 100ms;
  result.memory = {.sockets = ByteCount{8192}, .buffers = ByteCount{4096}};
  const auto held = Json::parse(to_json(ConnectionLoad{.count = 50, .hold = true}, result)).at("end").at("sum");
  EXPECT_EQ(held.at("connections_per_second"), 500);
  EXPECT_EQ(held.at("memory_bytes"), 12'288);
  EXPECT_EQ(held.at("socket_memory_bytes"), 8192);
  EXPECT_EQ(held.at("buffer_memory_bytes"), 4096);
  EXPECT_FALSE(held.contains("file_memory_bytes"));
  EXPECT_FALSE(Json::parse(to_json(ConnectionLoad{.count = 50}, result)).at("end").at("sum").contains("memory_bytes"));
}

TEST(ReportJson, TellsWhatTheMachineDidToEach) {
  const MachineUse shared{.elapsed = 1s, .busy = 1500ms, .own = 700ms, .cpus = 2};
  const auto spoilers = [&](const auto& load, auto result) {
    result.machine = shared;
    const auto all = Json::parse(to_json(load, result)).at("end").at("spoilers");
    return all.empty() ? "none" : all.back().template get<std::string>();
  };
  const auto others = HasSubstr("other programs used 0.8 of 2 CPUs");
  EXPECT_THAT(spoilers(tcp_load(), tcp_result()), others);
  EXPECT_THAT(spoilers(UdpLoad{}, UdpResult{}), others);
  EXPECT_THAT(spoilers(LatencyLoad{}, LatencyResult{}), others);
  EXPECT_THAT(spoilers(ConnectionLoad{}, ConnectionRateResult{}), others);
  auto result = tcp_result();
  result.machine = shared;
  EXPECT_THAT(to_table(result), HasSubstr("\n  spoiled: other programs used 0.8 of 2 CPUs"));
}

TEST(ReportJson, CarriesTheEnvironment) {
  const auto report = [](std::string_view environment) {
    return Json::parse(to_json(tcp_load(), tcp_result(), environment));
  };
  EXPECT_EQ(report(R"({"kernel": "6.18"})").at("environment").at("kernel"), "6.18");
  EXPECT_EQ(report("no \"JSON").at("environment"), "no \"JSON");
  EXPECT_FALSE(report("").contains("environment"));
}

TEST(ReportJson, IsWellFormedWithoutAnyTraffic) {
  EXPECT_EQ(Json::parse(to_json(TcpLoad{}, TcpResult{})).at("end").at("sum_received").at("bits_per_second"), 0);
  EXPECT_EQ(Json::parse(to_json(UdpLoad{}, UdpResult{})).at("end").at("sum").at("lost_percent"), 100);
}

TEST(ReportTable, HasALineAnIntervalAStreamAndTheWhole) {
  const auto table = to_table(tcp_result());
  EXPECT_THAT(table, HasSubstr("0.50 - 1.00 s        4 MB         64 Mbit/s            4"));
  EXPECT_THAT(table, HasSubstr("stream 1             9 MB         48 Mbit/s            7"));
  EXPECT_THAT(table, HasSubstr("all, 1.00 s          8 MB         64 Mbit/s            7\n"));
}

TEST(ReportTable, TellsWhatWasLost) {
  const auto table = to_table(udp_result());
  EXPECT_THAT(table, HasSubstr("1.26 MB      10.08 Mbit/s     100/1000 (10%)"));
  EXPECT_THAT(table, HasSubstr("stream 1             560 kB       4.48 Mbit/s      100/500 (20%)\n"));
  EXPECT_THAT(table, HasSubstr("stream 2             700 kB       5.6 Mbit/s       0/500 (0%)\n"));
  EXPECT_THAT(table, HasSubstr("jitter 250 us, 5 out of order, 0 duplicates"));
}

}  // namespace
}  // namespace netrig::traffic
