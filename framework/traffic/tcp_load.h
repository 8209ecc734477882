// Bulk TCP: how much arrives, how fast, and what the sender's kernel had to do for it.
//
//   TcpResult result = NETRIG_TRY(measure_tcp({.streams = 4, .duration = 2s, .run = {.destination = server}}, sides));
//   std::cout << result;     // 7.91 Gbit/s: 1977 MB in 2.00 s over 4 streams, 0 retransmits, ...
#pragma once

#include <netrig/traffic/connect.h>
#include <netrig/traffic/machine_use.h>
#include <netrig/traffic/measurement.h>

#include <iosfwd>
#include <vector>

namespace netrig::traffic {

/// Who sends.
enum class Direction : std::uint8_t {
  forward,  ///< the client
  reverse,  ///< the server
  both,     ///< both, at once, over the same connections
};

/// How payload gets into the kernel. Copying is cheapest where nothing leaves the machine: a processor copies faster
/// than it can hand out pages one by one, and a veth or loopback copies MSG_ZEROCOPY's late, for more.
enum class SendMethod : std::uint8_t {
  copy,       ///< send(2)
  pages,      ///< sendfile(2) from a memory file: the kernel sends the file's own pages
  zero_copy,  ///< send(2) with MSG_ZEROCOPY: for real network devices
};

/// Which threads move the bytes.
enum class TcpThreads : std::uint8_t {
  /// each_side where the sides are pinned to different processors or the receiver has work of its own (verify), else
  /// shared.
  automatic,
  /// One, or two for several streams, each with both ends of its connections: it sends, and receives that at once. On a
  /// link within one machine the kernel does a packet's whole way in the sender's context; a receiver on another
  /// processor would only take cache lines away, and lose time and packets whenever the two are not run together.
  shared,
  each_side,  ///< one a side, as on two machines
};

/// What to send.
struct TcpLoad {
  unsigned streams = 1;  ///< connections, 1 to 1000
  Direction direction = Direction::forward;
  std::chrono::nanoseconds duration =
      std::chrono::seconds{1};  ///< of sending, each stream a block at the least; not with `bytes`
  /// Each stream sends exactly this much each way, however long it takes, instead of a fixed time.
  std::optional<ByteCount> bytes = {};
  std::chrono::nanoseconds warm_up{};  ///< at the start, not counted in the goodput; less than `duration`
  ByteCount block{1 << 20};            ///< a system call's worth, 1 byte to 4 MiB; 1 MiB at the most unless copied
  TcpThreads threads = TcpThreads::automatic;
  SendMethod method = SendMethod::copy;
  bool verify = false;     ///< the receiver compares every byte with a pattern made from `seed`
  std::uint64_t seed = 1;  ///< of that pattern
  std::optional<ByteCount> send_buffer = {}, receive_buffer = {};  ///< SO_SNDBUF, SO_RCVBUF; none: the kernel's tuning
  std::string congestion_control = {};                             ///< `cubic`, `bbr`...; empty: the namespace's own
  std::optional<unsigned> mss = {};                                ///< TCP_MAXSEG, 88 to 32767
  bool no_delay = false;                                           ///< TCP_NODELAY
  std::optional<unsigned> dscp = {};                               ///< 0 to 63 (RFC 2474)
  std::optional<Bandwidth> pace = {};                              ///< of each stream, SO_MAX_PACING_RATE
  RunOptions run = {};
};

/// One direction of one connection.
struct TcpStream {
  Endpoint from, to;  ///< as the sender sees them
  ByteCount sent;     ///< given to the kernel
  ByteCount received;
  ByteCount counted;                 ///< of that: what arrived after the warm-up
  std::chrono::nanoseconds ended{};  ///< when the last byte arrived, since the start
  // The sender's TCP_INFO (linux/tcp.h) when all was sent and acknowledged.
  std::uint64_t retransmits = 0;   ///< segments
  std::chrono::nanoseconds rtt{};  ///< smoothed
  std::chrono::nanoseconds min_rtt{};
  ByteCount congestion_window;
  std::uint64_t segments_sent = 0;  ///< of the MSS's size at the most, retransmitted ones included
  unsigned mss = 0;
  // Where its time went, from the connection's start, by the kernel's names; counted in ticks, 1 to 10 ms each.
  /// Something was on its way or to be sent. Shared threads send nothing while they receive: what has arrived by then
  /// is acknowledged, and only what the receiver's window has kept back goes on counting.
  std::chrono::nanoseconds busy_time{};
  /// Of that: the receiver's window held it up. Shared threads fill it each time before they empty it: most of the
  /// time.
  std::chrono::nanoseconds rwnd_limited{};
  std::chrono::nanoseconds sndbuf_limited{};  ///< of that: the sender's buffer held it up
};

/// What came of it. Every byte that was sent has arrived: less is an error, never a result.
struct TcpResult {
  ByteCount sent, received;            ///< in all, both directions, warm-up included
  ByteCount counted;                   ///< what arrived after the warm-up
  std::chrono::nanoseconds warm_up{};  ///< what it took, a little more than asked for
  std::chrono::nanoseconds elapsed{};  ///< from the start, or the end of the warm-up, until the last byte arrived
  std::uint64_t retransmits = 0;
  std::chrono::nanoseconds busy_time{}, rwnd_limited{}, sndbuf_limited{};  ///< sums of the streams'
  std::vector<TcpStream> streams;  ///< connection by connection; with Direction::both, the client's sending first
  std::vector<Interval> intervals;
  MachineUse machine = {};         ///< meanwhile; `machine.spoilers()` are reasons to distrust it, as spoilers() are
  SideCost client, server;         ///< of shared threads each side's part is estimated, from the time its calls took
  TcpThreads threads{};            ///< which it were; never automatic
  Direction direction{};           ///< that of the load
  std::string congestion_control;  ///< of who sends; of the client with Direction::both
  std::string receiver_congestion_control;  ///< of the other side's socket

  /// At the receiver.
  [[nodiscard]] Bandwidth goodput() const { return rate(counted, elapsed); }
  /// A sentence a reason why the sender, not the path, may have set the pace; none of a run below 200 ms, which is few
  /// of the kernel's ticks:
  /// - sender-limited: the send buffer held it up for a tenth of its busy time. Not where the round trip is twice the
  ///   shortest seen or more: then the buffer's bytes stood in a queue on the way (a token bucket), and more of them
  ///   would only have made that longer.
  /// - application-limited: for a quarter of the time nothing was on its way, and the sender had no processor either.
  ///   A sender at work is no reason: within one machine its work is the path's.
  /// `pace` keeps bytes waiting in the kernel, and counts as busy.
  [[nodiscard]] std::vector<std::string> spoilers() const;
  /// The goodput and what made it up, and each spoiler, the machine's too, on a line of its own.
  [[nodiscard]] std::string to_string() const;
};

std::ostream& operator<<(std::ostream& out, const TcpResult& result);

/// Measures. The server's socket is there before the client connects; all connections are up before the first byte.
/// Errors: a load that makes no sense, by the name of what is wrong; a connection that cannot be made, with who refused
/// it; a side that ends or falls silent, with which and when; ECANCELED; bytes that differ, with the first.
Result<TcpResult> measure_tcp(const TcpLoad& load, const Sides& sides);

}  // namespace netrig::traffic
