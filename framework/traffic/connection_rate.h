// How many connections: made in a second, and held at once.
//
//   ConnectionRateResult made = NETRIG_TRY(measure_connections({.count = 10'000, .run = {.destination = server}},
//   sides)); ConnectionRateResult held = NETRIG_TRY(measure_connections({.count = 10'000, .hold = true, ...}, sides));
#pragma once

#include <netrig/traffic/histogram.h>
#include <netrig/traffic/machine_use.h>
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

/// What held connections take of the kernel, both ends of all together: their own objects at the sizes that this kernel
/// tells, and what is in their own buffers. No counter of the whole machine is in it, so what else happens there does
/// not change it. Not counted: what the kernel rounds up (a 2,304-byte socket takes 2,368), ports, routes and
/// neighbours, tables of descriptors, the server's epoll entries (200 bytes a connection), entries of a connection
/// tracker on the way (about 300 a namespace), and what security modules add.
struct HeldMemory {
  std::optional<ByteCount> sockets = {};  ///< struct tcp_sock or tcp6_sock (`size` of /proc/net/protocols)
  /// struct file, dentry and socket_alloc (/sys/kernel/btf/vmlinux); none where the kernel does not describe its types
  std::optional<ByteCount> files = {};
  /// What waits in them to be read, sent or acknowledged, with the kernel's books of it (socket(7), SO_MEMINFO:
  /// rmem_alloc, wmem_queued, optmem), when each connection has carried its byte both ways.
  ByteCount buffers;

  /// Of what is known.
  [[nodiscard]] ByteCount total() const;
  /// A connection's share: `6896 bytes each in the kernel (sockets 4608, files 2288, buffers 0)`
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
  MachineUse machine = {};             ///< meanwhile; `machine.spoilers()` are reasons to distrust it
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
