// Iperf3/Tcp/..., Iperf3/Udp/..., Sockperf/Latency/..., Iputils/Ping/..., Raw/Tcp/..., Raw/Udp/..., Raw/Latency/...:
// what the benchmarks of the same name are held against, in the same run.
#include <netrig/bench/benchmarks.h>
#include <netrig/bench/raw_traffic.h>
#include <netrig/bench/twins.h>

#include <fmt/format.h>

namespace netrig::bench {

namespace {

void register_tools(const TrafficPath& path) {
  for (const auto streams : kStreams)
    add_sampled(fmt::format("Iperf3/Tcp/{}/streams:{}", path.name, streams), path,
                [streams](const BuiltPath& built) { return iperf3_tcp(built, streams); });
  for (const auto payload : kPayloads)
    add_sampled(fmt::format("Iperf3/Udp/{}/bytes:{}", path.name, payload), path,
                [payload](const BuiltPath& built) { return iperf3_udp(built, payload); });
  if (path.name == "veth" || path.name == "veth6" || path.name == "routed")
    add_sampled("Iputils/Ping/" + path.name, path, ping_flood);
  if (path.name == "veth6") return;  // sockperf 3.7 has no IPv6
  for (const bool over_tcp : {true, false})
    add_sampled(fmt::format("Sockperf/Latency/{}/{}", path.name, over_tcp ? "tcp" : "udp"), path,
                [over_tcp](const BuiltPath& built) { return sockperf(built, over_tcp); });
}

}  // namespace

void register_traffic_twins() {
  for (const auto& path : paths()) register_tools(path);
  const auto& veth = *find_path("veth");
  add_sampled("Raw/Tcp/veth/streams:1", veth, raw_tcp);
  for (const auto payload : kPayloads)
    add_sampled(fmt::format("Raw/Udp/veth/bytes:{}", payload), veth,
                [payload](const BuiltPath& built) { return raw_udp(built, payload); });
  for (const bool over_tcp : {true, false})
    add_sampled(fmt::format("Raw/Latency/veth/{}", over_tcp ? "tcp" : "udp"), veth,
                [over_tcp](const BuiltPath& built) { return raw_latency(built, over_tcp); });
}

}  // namespace netrig::bench
