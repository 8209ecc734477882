// What one measurement of traffic found, whoever made it: the library, iperf3 and sockperf, or a bare loop.
#pragma once

#include <netrig/base/result.h>
#include <netrig/bench/paths.h>
#include <netrig/traffic/histogram.h>

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace netrig::bench {

/// How long a measurement sends, without a warm-up, which the others have none of; iperf3 and sockperf know whole
/// seconds only.
inline constexpr std::chrono::milliseconds kSending{400};
inline constexpr int kSecondsOfOthers = 1;

inline constexpr std::size_t kRequestBytes = 64;
inline constexpr unsigned kEchoes = 20'000;
inline constexpr unsigned kStreams[] = {1, 2, 4};
inline constexpr std::size_t kPayloads[] = {64, 512, 1400, 65'000};

/// At the receiver.
struct Sampled {
  std::chrono::nanoseconds elapsed{};
  std::uint64_t bytes = 0;  ///< 0: nobody asked
  std::uint64_t items = 0;  ///< datagrams, answers or connections; 0: nobody asked
  /// Beside them: `retransmits`, `loss` (0 to 1), `p50_us`, `p99_us`, `cpu_client` and `cpu_server` (of a processor)
  std::vector<std::pair<std::string, double>> more = {};
  traffic::LatencyHistogram latency = {};  ///< empty: nobody asked
};

using Sampler = std::function<Result<Sampled>(const BuiltPath& path)>;

/// Registers a benchmark that builds the path, measures once and ends it again; only the measurement is timed. The
/// figures are bytes_per_second and items_per_second; repetitions are Google Benchmark's.
void add_sampled(const std::string& name, const TrafficPath& path, Sampler sample);

}  // namespace netrig::bench
