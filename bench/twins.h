// The same traffic by the tools that people use: iperf3, sockperf and ping, on the same path, with their own defaults.
#pragma once

#include <netrig/bench/sampled.h>

namespace netrig::bench {

/// `iperf3 -P STREAMS`, and `iperf3 -u -b 0 -l PAYLOAD`, for a second; what its receiver counted. The congestion
/// control is the namespace's, as the library's. Errors: iperf3 is not installed, or says so itself.
Result<Sampled> iperf3_tcp(const BuiltPath& path, unsigned streams);
Result<Sampled> iperf3_udp(const BuiltPath& path, std::size_t payload);

/// `sockperf ping-pong`, for a second: one request at a time. Errors likewise.
Result<Sampled> sockperf(const BuiltPath& path, bool over_tcp);

/// `ping -f`, of kEchoes requests. Errors likewise.
Result<Sampled> ping_flood(const BuiltPath& path);

}  // namespace netrig::bench
