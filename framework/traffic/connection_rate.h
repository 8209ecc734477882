// How many connections: made in a second, and held at once.
//
//   ConnectionRateResult made = NETRIG_TRY(measure_connections({.count = 10'000, .run = {.destination = server}},
//   sides)); ConnectionRateResult held = NETRIG_TRY(measure_connections({.count = 10'000, .hold = true, ...}, sides));
#pragma once

#include <netrig/traffic/histogram.h>
#include <netrig/traffic/measurement.h>

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace netrig::traffic {

/// What to open.
struct ConnectionLoad {
  std::uint64_t count = 1000;  ///< TCP connections, 1 to 60000 where they are held: a client's ports to one endpoint
  unsigned parallel = 16;      ///< that are being made at once, 1 to 1000
  /// All stay open until the last is made, and each then carries a byte both ways. Otherwise each ends as soon as it is
  /// made. Always by a reset, which leaves no TIME_WAIT behind.
  bool hold = false;
  RunOptions run = {};
};

/// What held connections take, of both ends together. Of the kernel the growth meanwhile is told, which on a machine
/// that does other things is theirs too.
struct HeldMemory {
  ByteCount process;                      ///< of this process (VmRSS of proc_pid_status(5))
  std::optional<ByteCount> kernel = {};   ///< Slab and PageTables of proc_meminfo(5); none where it does not say
  std::optional<ByteCount> buffers = {};  ///< of that: TCP's for what is on the way (`mem` of /proc/net/sockstat)

  [[nodiscard]] ByteCount total() const { return process + kernel.value_or(ByteCount{}); }
  /// A connection's share: `8012 bytes each (31 of the process, 7981 of the kernel)`
  [[nodiscard]] std::string to_string(std::uint64_t connections) const;
};

/// What came of it: every connection was made.
struct ConnectionRateResult {
  std::uint64_t connections = 0;
  std::uint64_t held = 0;              ///< open at once, at the most
  std::chrono::nanoseconds elapsed{};  ///< from the first connect(2) until the last is established
  LatencyHistogram connect_times;      ///< connect(2) until established
  HeldMemory memory = {};              ///< of those held
  std::vector<Interval> intervals;     ///< `packets`: connections made
  SideCost client, server;

  /// Connections a second.
  [[nodiscard]] double connection_rate() const {
    return elapsed.count() == 0 ? 0 : static_cast<double>(connections) * 1e9 / static_cast<double>(elapsed.count());
  }
  [[nodiscard]] std::string to_string() const;
};

std::ostream& operator<<(std::ostream& out, const ConnectionRateResult& result);

/// Measures. Each side has a table of descriptors of its own: so many connections can be held as the process may have
/// files open (RLIMIT_NOFILE, which is raised as far as it goes). Errors as measure_tcp(); EMFILE, with the remedy,
/// where the limit is too low.
Result<ConnectionRateResult> measure_connections(const ConnectionLoad& load, const Sides& sides);

}  // namespace netrig::traffic
