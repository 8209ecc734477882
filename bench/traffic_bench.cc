// Tcp/PATH/streams:N, Udp/PATH/bytes:N, Latency/PATH/tcp and /udp, Ping/PATH, ConnectionRate/PATH,
// ConnectionsHeld/PATH: what the library measures.
#include <netrig/bench/benchmarks.h>
#include <netrig/bench/sampled.h>
#include <netrig/topology/measure.h>

#include <fmt/format.h>

namespace netrig::bench {

namespace {

constexpr std::uint64_t kConnections = 2000;
constexpr std::uint64_t kHeld = 10'000;
constexpr unsigned kMadeAtOnce = 100;

double part_of(std::chrono::nanoseconds part, std::chrono::nanoseconds whole) {
  return static_cast<double>(part.count()) / static_cast<double>(whole.count());
}

double microseconds(std::chrono::nanoseconds time) { return std::chrono::duration<double, std::micro>(time).count(); }

void tell_times(Sampled& sampled, const traffic::LatencyHistogram& times) {
  sampled.more.emplace_back("p50_us", microseconds(times.percentile(50)));
  sampled.more.emplace_back("p99_us", microseconds(times.percentile(99)));
}

template <class Of>
void tell_cost(Sampled& sampled, const Of& result, std::chrono::nanoseconds whole) {
  sampled.more.emplace_back("cpu_client", part_of(result.client.cpu, whole));
  sampled.more.emplace_back("cpu_server", part_of(result.server.cpu, whole));
}

Result<Sampled> tcp(const BuiltPath& path, unsigned streams) {
  const auto result = NETRIG_TRY(traffic::measure_tcp({.streams = streams, .duration = kSending, .run = path.towards()},
                                                      sides(path.client, path.server)));
  Sampled sampled{.elapsed = result.elapsed, .bytes = result.counted.value()};
  sampled.more.emplace_back("retransmits", static_cast<double>(result.retransmits));
  tell_cost(sampled, result, result.elapsed);
  return sampled;
}

Result<Sampled> udp(const BuiltPath& path, std::size_t payload) {
  const auto result = NETRIG_TRY(traffic::measure_udp({.payload = payload, .duration = kSending, .run = path.towards()},
                                                      sides(path.client, path.server)));
  Sampled sampled{.elapsed = result.elapsed, .bytes = result.bytes.value(), .items = result.received};
  sampled.more.emplace_back("loss", result.loss());
  tell_times(sampled, result.delay);
  tell_cost(sampled, result, result.elapsed);
  return sampled;
}

Result<Sampled> latency(const BuiltPath& path, traffic::LatencyLoad::Protocol protocol) {
  const auto result = NETRIG_TRY(traffic::measure_latency(
      {.protocol = protocol, .size = kRequestBytes, .rate = 0, .duration = kSending, .run = path.towards()},
      sides(path.client, path.server)));
  Sampled sampled{.elapsed = result.elapsed, .items = result.times.count(), .latency = result.times};
  tell_times(sampled, result.times);
  tell_cost(sampled, result, result.elapsed);
  return sampled;
}

Result<Sampled> ping(const BuiltPath& path) {
  const auto began = std::chrono::steady_clock::now();
  const auto report = path.client.ping(
      traffic::PingSpec{.destination = path.destination, .count = kEchoes, .interval = std::chrono::nanoseconds{0}});
  Sampled sampled{.elapsed = std::chrono::steady_clock::now() - began,
                  .items = report.received(),
                  .more = {{"loss", report.loss()}},
                  .latency = report.times()};
  tell_times(sampled, sampled.latency);
  return sampled;
}

Result<Sampled> connections(const BuiltPath& path) {
  const auto result = NETRIG_TRY(
      traffic::measure_connections({.count = kConnections, .run = path.towards()}, sides(path.client, path.server)));
  Sampled sampled{.elapsed = result.elapsed, .items = result.connections};
  tell_times(sampled, result.connect_times);
  return sampled;
}

// Bytes of each: both ends, see HeldMemory.
Result<Sampled> held_connections(const BuiltPath& path) {
  const auto result = NETRIG_TRY(traffic::measure_connections(
      {.count = kHeld, .parallel = kMadeAtOnce, .hold = true, .run = path.towards()}, sides(path.client, path.server)));
  Sampled sampled{.elapsed = result.elapsed, .items = result.connections};
  const auto each = [&](ByteCount of) { return static_cast<double>(of.value()) / static_cast<double>(result.held); };
  sampled.more.emplace_back("held", static_cast<double>(result.held));
  sampled.more.emplace_back("bytes_each", each(result.memory.total()));
  tell_times(sampled, result.connect_times);
  return sampled;
}

}  // namespace

void register_traffic() {
  using Protocol = traffic::LatencyLoad::Protocol;
  for (const auto& path : paths()) {
    for (const auto streams : kStreams)
      add_sampled(fmt::format("Tcp/{}/streams:{}", path.name, streams), path,
                  [streams](const BuiltPath& built) { return tcp(built, streams); });
    for (const auto payload : kPayloads)
      add_sampled(fmt::format("Udp/{}/bytes:{}", path.name, payload), path,
                  [payload](const BuiltPath& built) { return udp(built, payload); });
    add_sampled(fmt::format("Latency/{}/tcp", path.name), path,
                [](const BuiltPath& built) { return latency(built, Protocol::tcp); });
    add_sampled(fmt::format("Latency/{}/udp", path.name), path,
                [](const BuiltPath& built) { return latency(built, Protocol::udp); });
  }
  for (const auto* name : {"veth", "veth6", "routed"})
    add_sampled(fmt::format("Ping/{}", name), *find_path(name), ping);
  for (const auto* name : {"veth", "routed"})
    add_sampled(fmt::format("ConnectionRate/{}", name), *find_path(name), connections);
  add_sampled("ConnectionRate/nat", *find_path("masquerade"), connections);
  for (const auto* name : {"veth", "veth6", "masquerade"})
    add_sampled(fmt::format("ConnectionsHeld/{}", name), *find_path(name), held_connections);
}

}  // namespace netrig::bench
