// Field names: iperf3 3.12, src/iperf_api.c (JSON_write, iperf_print_results) and src/iperf_tcp.c.
#include <netrig/traffic/report.h>
#include <netrig/traffic/sender_limit.h>

#include <nlohmann/json.hpp>

#include <algorithm>

namespace netrig::traffic {

namespace {

using Json = nlohmann::ordered_json;
using std::chrono::nanoseconds;

constexpr unsigned kTosShift = 2;  // DSCP is the upper six bits

double json_seconds(nanoseconds time) { return std::chrono::duration<double>(time).count(); }
double json_microseconds(nanoseconds time) { return std::chrono::duration<double, std::micro>(time).count(); }
double percent_of(double part, double whole) { return whole > 0 ? 100 * part / whole : 0; }

Json json_span(nanoseconds from, nanoseconds to, std::uint64_t bytes) {
  const double length = json_seconds(to - from);
  return {{"start", json_seconds(from)},
          {"end", json_seconds(to)},
          {"seconds", length},
          {"bytes", bytes},
          {"bits_per_second", length > 0 ? 8 * static_cast<double>(bytes) / length : 0}};
}

Json start_of(const RunOptions& run, Json test_start) {
  Json start{{"version", "netrig"},
             {"connecting_to", {{"host", run.destination.to_string()}}},
             {"test_start", std::move(test_start)}};
  const Port port = run.destination_port.value_or(run.port);
  if (port != Port{}) start["connecting_to"]["port"] = port.value();
  return start;
}

Json cpu_percent(const SideCost& client, const SideCost& server, nanoseconds whole) {
  return {{"host_total", percent_of(json_seconds(client.cpu), json_seconds(whole))},
          {"remote_total", percent_of(json_seconds(server.cpu), json_seconds(whole))}};
}

Json json_times(const LatencyHistogram& histogram) {
  return {{"count", histogram.count()},
          {"min", json_microseconds(histogram.min())},
          {"mean", json_microseconds(histogram.mean())},
          {"p50", json_microseconds(histogram.percentile(50))},
          {"p90", json_microseconds(histogram.percentile(90))},
          {"p99", json_microseconds(histogram.percentile(99))},
          {"p99_9", json_microseconds(histogram.percentile(99.9))},
          {"max", json_microseconds(histogram.max())}};
}

Json json_buckets(const LatencyHistogram& histogram) {
  auto all = Json::array();
  for (const auto& bucket : histogram.buckets())
    all.push_back({json_microseconds(bucket.from), json_microseconds(bucket.to), bucket.count});
  return all;
}

// `describe` adds to the sum and to each stream's part what the protocol knows.
template <class Describe>
Json json_intervals(const std::vector<Interval>& all, Describe describe) {
  auto list = Json::array();
  for (const auto& interval : all) {
    Json entry = Json::object();
    for (const auto& part : interval.streams) {
      auto stream = json_span(interval.from, interval.to, part.received.value());
      describe(stream, part, interval);
      entry["streams"].push_back(std::move(stream));
    }
    auto sum = json_span(interval.from, interval.to, interval.received.value());
    describe(sum, interval, interval);
    entry["sum"] = std::move(sum);
    list.push_back(std::move(entry));
  }
  return list;
}

template <class Stream>
Json json_connected(const std::vector<Stream>& streams) {
  auto connected = Json::array();
  for (const auto& stream : streams) {
    connected.push_back({{"local_host", stream.from.address.to_string()},
                         {"local_port", stream.from.port.value()},
                         {"remote_host", stream.to.address.to_string()},
                         {"remote_port", stream.to.port.value()}});
  }
  return connected;
}

std::string json_report(Json start, Json intervals, Json end, std::string_view environment) {
  Json report{{"start", std::move(start)}, {"intervals", std::move(intervals)}, {"end", std::move(end)}};
  if (!environment.empty()) {
    auto parsed = Json::parse(environment, nullptr, false);
    report["environment"] = parsed.is_discarded() ? Json(environment) : std::move(parsed);
  }
  return report.dump(2, ' ', false, Json::error_handler_t::replace);
}

// ---- TCP

Json tcp_start(const TcpLoad& load, const TcpResult& result) {
  Json test{{"protocol", "TCP"},
            {"num_streams", load.streams},
            {"blksize", load.block.value()},
            {"omit", json_seconds(load.warm_up)},
            {"duration", load.bytes ? 0 : json_seconds(load.duration)},
            {"bytes", load.bytes ? load.bytes->value() * load.streams : 0},
            {"blocks", 0},
            {"reverse", load.direction == Direction::reverse ? 1 : 0},
            {"bidir", load.direction == Direction::both ? 1 : 0},
            {"tos", load.dscp.value_or(0) << kTosShift},
            {"target_bitrate", load.pace ? load.pace->bits_per_second() : 0}};
  auto start = start_of(load.run, std::move(test));
  start["connected"] = json_connected(result.streams);
  if (!result.streams.empty()) start["tcp_mss_default"] = result.streams.front().mss;
  return start;
}

// Of a stream, and as the sum.
template <class Of>
void tell_limits(Json& sender, const Of& of) {
  sender["busy_time"] = json_seconds(of.busy_time);
  sender["rwnd_limited"] = json_seconds(of.rwnd_limited);
  sender["sndbuf_limited"] = json_seconds(of.sndbuf_limited);
}

Json tcp_stream(const TcpStream& stream, nanoseconds warm_up) {
  auto sender = json_span({}, stream.ended, stream.sent.value());
  sender["retransmits"] = stream.retransmits;
  sender["rtt"] = json_microseconds(stream.rtt);
  sender["min_rtt"] = json_microseconds(stream.min_rtt);
  sender["snd_cwnd"] = stream.congestion_window.value();
  sender["segments"] = stream.segments_sent;
  sender["mss"] = stream.mss;
  tell_limits(sender, stream);
  sender["sender"] = true;
  auto receiver = json_span(warm_up, std::max(warm_up, stream.ended), stream.counted.value());
  receiver["sender"] = false;
  return {{"sender", std::move(sender)}, {"receiver", std::move(receiver)}};
}

// ---- UDP

template <class Of>
Json datagrams(Json sum, const Of& result, bool at_sender) {
  sum["jitter_ms"] = at_sender ? 0 : json_microseconds(result.jitter) / 1000;
  sum["lost_packets"] = at_sender ? 0 : result.lost();
  sum["packets"] = result.sent;
  sum["lost_percent"] = at_sender ? 0 : 100 * result.loss();
  sum["sender"] = at_sender;
  return sum;
}

// Of a stream, and as the sum.
template <class Of>
Json arrivals(const Of& of, nanoseconds elapsed) {
  auto counts = datagrams(json_span({}, elapsed, of.bytes.value()), of, false);
  counts["out_of_order"] = of.reordered;
  counts["duplicates"] = of.duplicates;
  counts["refused"] = of.refused;
  return counts;
}

Json udp_end(const UdpLoad& load, const UdpResult& result) {
  const auto sent = json_span({}, result.sending, result.sent * load.payload);
  const auto received = arrivals(result, result.elapsed);
  auto streams = Json::array();
  for (const auto& stream : result.streams) streams.push_back({{"udp", arrivals(stream, result.elapsed)}});
  return {{"streams", std::move(streams)},
          {"sum", received},
          {"sum_sent", datagrams(sent, result, true)},
          {"sum_received", received},
          {"delay_us", json_times(result.delay)},
          {"segmented", result.segmented},
          {"spoilers", all_spoilers(result)},
          {"cpu_utilization_percent", cpu_percent(result.client, result.server, result.elapsed)}};
}

}  // namespace

std::string to_json(const TcpLoad& load, const TcpResult& result, std::string_view environment) {
  const auto whole = result.elapsed + result.warm_up;
  auto streams = Json::array();
  for (const auto& stream : result.streams) streams.push_back(tcp_stream(stream, result.warm_up));
  auto sent = json_span({}, whole, result.sent.value());
  sent["retransmits"] = result.retransmits;
  tell_limits(sent, result);
  sent["sender"] = true;
  auto received = json_span(result.warm_up, whole, result.counted.value());
  received["sender"] = false;
  Json end{{"streams", std::move(streams)},
           {"sum_sent", std::move(sent)},
           {"sum_received", std::move(received)},
           {"cpu_utilization_percent", cpu_percent(result.client, result.server, whole)},
           {"spoilers", all_spoilers(result)},
           {"sender_tcp_congestion", result.congestion_control},
           {"receiver_tcp_congestion", result.receiver_congestion_control}};
  auto list = json_intervals(result.intervals, [&](Json& sum, const auto& part, const Interval& interval) {
    sum["retransmits"] = part.retransmits;
    sum["rtt"] = json_microseconds(part.rtt);
    sum["snd_cwnd"] = part.congestion_window.value();
    sum["omitted"] = (interval.from + interval.to) / 2 < result.warm_up;  // neither ends to the nanosecond
    sum["sender"] = false;
  });
  return json_report(tcp_start(load, result), std::move(list), std::move(end), environment);
}

std::string to_json(const UdpLoad& load, const UdpResult& result, std::string_view environment) {
  Json test{{"protocol", "UDP"},
            {"num_streams", load.streams},
            {"blksize", load.payload},
            {"omit", 0},
            {"duration", load.packets ? 0 : json_seconds(load.duration)},
            {"bytes", 0},
            {"blocks", load.packets.value_or(0) * load.streams},
            {"reverse", 0},
            {"tos", load.dscp.value_or(0) << kTosShift},
            {"target_bitrate", load.rate ? load.rate->bits_per_second() : 0}};
  auto list = json_intervals(result.intervals, [](Json& sum, const auto& part, const Interval&) {
    sum["jitter_ms"] = json_microseconds(part.jitter) / 1000;
    sum["lost_packets"] = part.lost;
    sum["packets"] = part.packets + part.lost;
    sum["lost_percent"] = percent_of(static_cast<double>(part.lost), static_cast<double>(part.packets + part.lost));
    sum["omitted"] = false;
    sum["sender"] = false;
  });
  auto start = start_of(load.run, std::move(test));
  start["connected"] = json_connected(result.streams);
  return json_report(std::move(start), std::move(list), udp_end(load, result), environment);
}

std::string to_json(const LatencyLoad& load, const LatencyResult& result, std::string_view environment) {
  Json test{{"protocol", load.protocol == LatencyLoad::Protocol::tcp ? "TCP" : "UDP"},
            {"num_streams", 1},
            {"blksize", load.size},
            {"duration", load.count ? 0 : json_seconds(load.duration)},
            {"blocks", load.count.value_or(0)},
            {"requests_per_second", load.rate}};
  auto list = json_intervals(result.intervals, [](Json& sum, const auto& part, const Interval&) {
    sum["answers"] = part.packets;
    sum["rtt"] = json_microseconds(part.rtt);
  });
  Json sum{{"seconds", json_seconds(result.elapsed)},
           {"requests", result.requests},
           {"lost", result.lost},
           {"late", result.late},
           {"answers_per_second", result.answer_rate()}};
  Json end{{"sum", std::move(sum)},
           {"latency_us", json_times(result.times)},
           {"histogram_us", json_buckets(result.times)},
           {"spoilers", result.machine.spoilers()},
           {"cpu_utilization_percent", cpu_percent(result.client, result.server, result.elapsed)}};
  return json_report(start_of(load.run, std::move(test)), std::move(list), std::move(end), environment);
}

std::string to_json(const ConnectionLoad& load, const ConnectionRateResult& result, std::string_view environment) {
  Json test{{"protocol", "TCP"}, {"connections", load.count}, {"parallel", load.parallel}, {"hold", load.hold ? 1 : 0}};
  Json sum{{"seconds", json_seconds(result.elapsed)},
           {"connections", result.connections},
           {"held", result.held},
           {"connections_per_second", result.connection_rate()}};
  if (load.hold) {
    sum["memory_bytes"] = result.memory.total().value();
    if (result.memory.sockets) sum["socket_memory_bytes"] = result.memory.sockets->value();
    if (result.memory.files) sum["file_memory_bytes"] = result.memory.files->value();
    sum["buffer_memory_bytes"] = result.memory.buffers.value();
  }
  Json end{{"sum", std::move(sum)},
           {"connect_us", json_times(result.connect_times)},
           {"histogram_us", json_buckets(result.connect_times)},
           {"spoilers", result.machine.spoilers()},
           {"cpu_utilization_percent", cpu_percent(result.client, result.server, result.elapsed)}};
  return json_report(start_of(load.run, std::move(test)), Json::array(), std::move(end), environment);
}

}  // namespace netrig::traffic
