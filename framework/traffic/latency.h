// How long an answer takes: requests on a fixed schedule or back to back, alone or while the link is full.
//
//   LatencyResult idle = NETRIG_TRY(measure_latency({.rate = 1000, .run = {.destination = server}}, sides));
//   WorkingLatency busy = NETRIG_TRY(measure_working_latency({...}, {.streams = 4}, sides));
//   std::cout << idle << busy.responsiveness();       // 1000 of 1000 answered, p50 21 us, ...; 2345678 RPM
#pragma once

#include <netrig/traffic/histogram.h>
#include <netrig/traffic/machine_use.h>
#include <netrig/traffic/measurement.h>
#include <netrig/traffic/tcp_load.h>

#include <iosfwd>
#include <vector>

namespace netrig::traffic {

/// What to ask.
struct LatencyLoad {
  enum class Protocol : std::uint8_t { tcp, udp };
  Protocol protocol = Protocol::tcp;
  std::size_t size = 64;  ///< bytes of a request and of its answer, 16 to 65507
  /// Requests a second on a fixed schedule, sent whether or not earlier ones are answered, and timed from when they
  /// were due: a stall shows in every request that it held up (no coordinated omission). 0: back to back, one at a
  /// time. All that is due within `duration` is asked, however late the sender comes to it.
  double rate = 1000;
  std::chrono::nanoseconds duration = std::chrono::seconds{1};  ///< not used with `count`
  std::optional<std::uint64_t> count = {};                      ///< exactly so many requests, instead of a fixed time
  /// UDP: a request without an answer for so long is lost; less than `run.patience`. With TCP, silence of
  /// `run.patience` is an error, and a schedule that the kernel does not take is given up so long after `duration`.
  std::chrono::nanoseconds timeout = std::chrono::seconds{1};
  RunOptions run = {};
};

/// What came of it.
struct LatencyResult {
  LatencyHistogram times;      ///< of the requests that were answered
  std::uint64_t requests = 0;  ///< all that were due, sent or given up
  std::uint64_t lost = 0;      ///< not answered. TCP: given up, since the kernel did not take them
  std::uint64_t late = 0;  ///< requests that went out more than 1 ms after they were due, or never: the sender's fault
  std::chrono::nanoseconds elapsed{};  ///< from the first request to the last request, answer, or wait in vain
  std::vector<Interval> intervals;     ///< `packets`: answers; `rtt`: their mean
  MachineUse machine = {};             ///< meanwhile; `machine.spoilers()` are reasons to distrust it
  SideCost client, server;

  /// Answers a second.
  [[nodiscard]] double answer_rate() const {
    return elapsed.count() == 0 ? 0 : static_cast<double>(times.count()) * 1e9 / static_cast<double>(elapsed.count());
  }
  [[nodiscard]] std::string to_string() const;
};

std::ostream& operator<<(std::ostream& out, const LatencyResult& result);

/// Latency while bulk traffic fills the path.
struct WorkingLatency {
  LatencyResult requests;     ///< on a connection of their own
  LatencyHistogram connects;  ///< TCP handshakes of new connections, meanwhile
  TcpResult load;

  /// Round trips a minute, as draft-ietf-ippm-responsiveness has it, from its "foreign" probes alone: the mean of the
  /// handshakes and of the requests, each without its slowest 5%. There is no TLS, and no request goes over the
  /// connections that make the load.
  [[nodiscard]] double responsiveness() const;
};

/// Measures. Errors as measure_tcp(); with UDP also where nothing is answered any more, which loss as it was before
/// does not explain.
Result<LatencyResult> measure_latency(const LatencyLoad& load, const Sides& sides);
/// The same while `bulk` runs; it starts first, and lasts as long as the requests do, whatever its duration says.
Result<WorkingLatency> measure_working_latency(const LatencyLoad& load, const TcpLoad& bulk, const Sides& sides);

}  // namespace netrig::traffic
