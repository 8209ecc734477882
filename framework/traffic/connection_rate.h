// How many connections: made in a second, and held at once.
//
//   ConnectionRateResult made = NETRIG_TRY(measure_connections({.count = 10'000, .run = {.destination = server}},
//   sides)); ConnectionRateResult held = NETRIG_TRY(measure_connections({.count = 10'000, .hold = true, ...}, sides));
#pragma once

#include <netrig/traffic/histogram.h>
#include <netrig/traffic/measurement.h>

#include <iosfwd>
#include <vector>

namespace netrig::traffic {

/// What to open.
struct ConnectionLoad {
  std::uint64_t count = 1000;  ///< TCP connections, 1 to 60000 where they are held: a client's ports to one endpoint
  unsigned parallel = 16;      ///< that are being made at once, 1 to 1000
  /// All stay open until the last is made, and each then carries a byte both ways. Otherwise each is reset as soon as
  /// it is made, which leaves no TIME_WAIT behind.
  bool hold = false;
  RunOptions run = {};
};

/// What came of it: every connection was made.
struct ConnectionRateResult {
  std::uint64_t connections = 0;
  std::uint64_t held = 0;              ///< open at once, at the most
  std::chrono::nanoseconds elapsed{};  ///< from the first connect(2) until the last is established
  LatencyHistogram connect_times;      ///< connect(2) until established
  ByteCount memory;  ///< held ones: what both ends took of the machine (Slab and page tables of /proc/meminfo, and this
                     ///< process's own); an upper bound on a machine that does other things meanwhile
  std::vector<Interval> intervals;  ///< `packets`: connections made
  SideCost client, server;

  /// Connections a second.
  [[nodiscard]] double connection_rate() const {
    return elapsed.count() == 0 ? 0 : static_cast<double>(connections) * 1e9 / static_cast<double>(elapsed.count());
  }
  [[nodiscard]] std::string to_string() const;
};

std::ostream& operator<<(std::ostream& out, const ConnectionRateResult& result);

/// Measures. Errors as measure_tcp(); EMFILE, with the remedy, where the limit of open files is too low.
Result<ConnectionRateResult> measure_connections(const ConnectionLoad& load, const Sides& sides);

}  // namespace netrig::traffic
