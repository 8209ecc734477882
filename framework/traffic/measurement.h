// What all measurements have in common: the two sides, how a run is watched and ended, and what is told meanwhile.
//
//   Sides sides{{"left", in_left}, {"right", in_right}};            // Node-level calls (topology/measure.h) make these
//   TcpResult result = NETRIG_TRY(measure_tcp({.streams = 4, .run = {.destination = right, .interval = 100ms}},
//   sides));
//
// Two threads at most do the work of a load, however many flows it has; latency under load has two loads, and one
// thread more that watches the bulk transfer. Whoever calls keeps the time, takes the samples, and notices when nothing
// moves any more.
#pragma once

#include <netrig/base/result.h>
#include <netrig/net/ip_address.h>
#include <netrig/net/port.h>
#include <netrig/net/units.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace netrig::traffic {

/// Runs `work` on a thread that is in one side's network namespace, and hands its result on. Sockets opened there stay
/// there, whichever thread uses them.
using Place = std::function<Result<void>(const std::function<Result<void>()>& work)>;

/// Where the caller is.
Place here();

/// The longest time that a load or its RunOptions should name, and most refuse to exceed: times of the clock that lie
/// further ahead could not be told.
constexpr std::chrono::nanoseconds kMostTime = std::chrono::hours{30 * 24};

/// One machine of a measurement.
struct Side {
  std::string name;  ///< for errors
  Place place = here();
};

/// The client connects, or sends the first datagram; the server waits for it.
struct Sides {
  Side client{"client"};
  Side server{"server"};
};

/// One stream's part of an interval, with fields as those of Interval.
struct StreamInterval {
  ByteCount received;
  std::uint64_t packets = 0, lost = 0, retransmits = 0;
  std::chrono::nanoseconds rtt{}, jitter{};
  ByteCount congestion_window;
};

/// What happened between two looks. It is the sum of the streams' parts (rtt and jitter: the mean).
struct Interval {
  std::chrono::nanoseconds from{}, to{};  ///< since the start of sending
  ByteCount received;                     ///< payload that arrived in it, in both directions
  std::uint64_t packets = 0;              ///< UDP: datagrams that arrived. TCP: segments retransmitted are not counted
  std::uint64_t lost = 0;                 ///< UDP: datagrams missing so far that were not missing at its start
  std::uint64_t retransmits = 0;          ///< TCP: segments sent again in it
  std::chrono::nanoseconds rtt{};         ///< TCP: smoothed round-trip time at its end
  ByteCount congestion_window;            ///< TCP: at its end
  std::chrono::nanoseconds jitter{};      ///< UDP: at its end
  std::vector<StreamInterval> streams{};  ///< TCP and UDP: in the order of the result's streams

  [[nodiscard]] Bandwidth goodput() const { return rate(received, to - from); }
};

/// The same for every kind of load.
struct RunOptions {
  IpAddress destination;                      ///< where the client sends. Node-level calls fill in the server's
  Port port{};                                ///< of the server; 0: the kernel's choice
  std::optional<Port> destination_port = {};  ///< where the client sends, if not to `port`: for a NAT between
  std::optional<unsigned> client_cpu = {};    ///< pin the client's thread; an error where it may not run there
  std::optional<unsigned> server_cpu = {};    ///< pin the server's thread
  std::chrono::nanoseconds interval{};        ///< 10 ms to 10 s between samples; 0: none are taken
  std::function<void(const Interval&)> on_interval = {};  ///< hears of each, on the calling thread
  std::stop_token stop = {};                              ///< ends the measurement early, with ECANCELED
  /// How long nothing may move before the run fails: connections, bytes, answers. From 1 ms to kMostTime.
  std::chrono::nanoseconds patience = std::chrono::seconds{5};
};

/// What a side cost.
struct SideCost {
  /// Of the side's thread (clock_gettime(2), CLOCK_THREAD_CPUTIME_ID). A veth hands packets over in the context of who
  /// sends: most of what the receiver's kernel does is in the sender's time.
  std::chrono::nanoseconds cpu{};
};

}  // namespace netrig::traffic
