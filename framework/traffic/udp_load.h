// Datagrams at a rate, or as fast as they go: what arrives, what is lost, out of order, twice, and how late.
//
//   UdpResult result = NETRIG_TRY(measure_udp({.payload = 1400, .rate = 100_mbit, .run = {.destination = server}},
//   sides)); std::cout << result;     // 100 Mbit/s: 8929 of 8929 datagrams, 0 lost, ...
#pragma once

#include <netrig/traffic/connect.h>
#include <netrig/traffic/histogram.h>
#include <netrig/traffic/machine_use.h>
#include <netrig/traffic/measurement.h>

#include <iosfwd>
#include <vector>

namespace netrig::traffic {

/// What to send, from the client to the server.
struct UdpLoad {
  unsigned streams = 1;        ///< sockets of the client, each with a port and numbers of its own, 1 to 1000
  std::size_t payload = 1400;  ///< bytes of a datagram, 16 (24 with `verify`) to 65507
  /// Of each stream's payload, as iperf3's -b; none: as fast as it goes, in turn. Streams send evenly spread, one after
  /// the other.
  std::optional<Bandwidth> rate = {};
  std::chrono::nanoseconds duration = std::chrono::seconds{1};  ///< not used with `packets`
  std::optional<std::uint64_t> packets = {};  ///< each stream exactly so many, instead of a fixed time
  /// Several datagrams a packet of the kernel's, cut up as late as possible and put together as early (udp(7),
  /// UDP_SEGMENT and UDP_GRO). On a veth they are never cut: interface and rule counters see one packet then, and a
  /// rule's verdict is for all of it. Off: each datagram goes by itself.
  bool segmentation = true;
  bool verify = false;     ///< the receiver compares every byte: a pattern made from `seed`, and a header with a check
  std::uint64_t seed = 1;  ///< of that pattern
  std::optional<ByteCount> send_buffer = {},
                           receive_buffer = {};  ///< none: the kernel's own; as much of 4 MiB as it allows
  std::optional<unsigned> dscp = {};             ///< 0 to 63 (RFC 2474)
  /// How long the receiver goes on listening for what is missing after the last datagram that came; less than
  /// `run.patience`.
  std::chrono::nanoseconds linger = std::chrono::milliseconds{500};
  RunOptions run = {};
};

/// One stream. Nothing of one of several at the receiver is a loss of all.
struct UdpStream {
  Endpoint from, to;                                                                 ///< as the sender sees them
  std::uint64_t sent = 0, received = 0, duplicates = 0, reordered = 0, refused = 0;  ///< as those of UdpResult
  ByteCount bytes;
  std::chrono::nanoseconds ended{};  ///< when the last datagram arrived, since the first send of all; 0: none did
  std::chrono::nanoseconds jitter{};

  [[nodiscard]] std::uint64_t lost() const { return sent - received; }
  /// 0 to 1.
  [[nodiscard]] double loss() const { return sent == 0 ? 1 : static_cast<double>(lost()) / static_cast<double>(sent); }
};

/// What came of it: sums over the streams. Nothing at all at the receiver is an error.
struct UdpResult {
  std::uint64_t sent = 0;        ///< datagrams
  std::uint64_t received = 0;    ///< different ones
  std::uint64_t duplicates = 0;  ///< came again
  std::uint64_t reordered = 0;   ///< came after one of the same stream that was sent later (RFC 4737 section 3)
  /// By the sender's own kernel: a firewall's output chain, a full queue. Not among `sent`. As fast as it goes, only
  /// those that stopped the sender at once are known.
  std::uint64_t refused = 0;
  ByteCount bytes;                     ///< payload of those received
  std::chrono::nanoseconds elapsed{};  ///< from the first send to the last arrival or send, whichever is later
  std::chrono::nanoseconds sending{};  ///< from the first send to the last, also of those refused
  /// Of that: the socket's buffer was full. The queue of the sender's own link had not let go of what was in it.
  std::chrono::nanoseconds blocked{};
  std::optional<Bandwidth> asked = {};  ///< UdpLoad::rate, of each stream
  /// RFC 3550 section 6.4.1, at the end; the mean of the streams that arrived. Each system call stamps all of its
  /// datagrams with one time, on both sides: jitter and delay resolve no more than a batch, which is one datagram only
  /// with a `rate` that leaves a gap and without `segmentation`.
  std::chrono::nanoseconds jitter{};
  LatencyHistogram delay;  ///< one way: one clock serves both sides. Includes the wait in the buffers
  std::vector<UdpStream> streams;
  std::vector<Interval> intervals;
  MachineUse machine = {};  ///< meanwhile; `machine.spoilers()` are reasons to distrust it, as spoilers() are
  SideCost client, server;
  bool segmented = false;  ///< UDP_SEGMENT was used

  [[nodiscard]] std::uint64_t lost() const { return sent - received; }
  /// 0 to 1.
  [[nodiscard]] double loss() const { return sent == 0 ? 1 : static_cast<double>(lost()) / static_cast<double>(sent); }
  /// At the receiver.
  [[nodiscard]] Bandwidth goodput() const { return rate(bytes, elapsed); }
  /// At the receiver, in a second.
  [[nodiscard]] double packet_rate() const {
    return elapsed.count() == 0 ? 0 : static_cast<double>(received) * 1e9 / static_cast<double>(elapsed.count());
  }
  /// That the sender, not the path, set the pace: it did not come to 95% of the rate asked for, in the time that its
  /// own link's queue let it (`blocked`). What its kernel refused counts as sent here.
  [[nodiscard]] std::vector<std::string> spoilers() const;
  /// What arrived and how, and each spoiler, the machine's too, on a line of its own.
  [[nodiscard]] std::string to_string() const;
};

std::ostream& operator<<(std::ostream& out, const UdpResult& result);

/// Measures. Errors as measure_tcp(); a port that nobody listens on, and a path on which nothing arrives, or nothing
/// any more, which loss as it was before does not explain.
Result<UdpResult> measure_udp(const UdpLoad& load, const Sides& sides);

}  // namespace netrig::traffic
