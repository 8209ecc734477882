// ICMP echo, IPv4 (RFC 792) and IPv6 (RFC 4443).
//
//   auto pinger = NETRIG_TRY(Pinger::open({.destination = server}));   // in the sender's network namespace
//   PingReport report = NETRIG_TRY(pinger.run(Deadline::after(2s)));   // on any thread
//   std::cout << report;
//   //   64 bytes from 10.0.0.2: icmp_seq=1 ttl=64 time=0.041 ms
//   //   From 10.0.0.254 icmp_seq=2 Packet filtered
//   //   --- 10.0.0.2 ping statistics ---
//   //   2 packets transmitted, 1 received, +1 errors, 50% packet loss
//   //   rtt min/avg/max/mdev = 0.041/0.041/0.041/0.000 ms
#pragma once

#include <netrig/base/deadline.h>
#include <netrig/base/result.h>
#include <netrig/base/unique_fd.h>
#include <netrig/net/interface_name.h>
#include <netrig/net/ip_address.h>
#include <netrig/traffic/histogram.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace netrig::traffic {

/// What to send.
struct PingSpec {
  IpAddress destination;
  unsigned count = 3;  ///< 1 to 65535
  /// Between requests. 0: the next as soon as the last is answered, and after 10 ms at the latest, as `ping -f`.
  std::chrono::nanoseconds interval = std::chrono::milliseconds{1};
  std::chrono::nanoseconds timeout = std::chrono::seconds{2};  ///< for the last answer, after the last request
  std::size_t size = 56;                                       ///< bytes of payload, 0 to 65507 (IPv4) or 65527 (IPv6)
  std::uint8_t ttl = 64;                                       ///< time to live, or hop limit; at least 1
  bool dont_fragment = false;                                  ///< larger than the path's MTU is an error instead
  std::optional<IpAddress> source = {};         ///< an address of the sender's; none: the kernel's choice
  std::optional<InterfaceName> interface = {};  ///< SO_BINDTODEVICE; needed for link-local destinations
};

/// An echo reply.
struct PingReply {
  unsigned sequence = 0;  ///< from 1, and on in further runs of the same Pinger; 16 bits, as it is sent
  IpAddress from;
  int ttl = 0;  ///< as it arrived
  std::chrono::nanoseconds rtt{};
};

/// Something else than a reply: an ICMP error about a request, or the sender's own kernel that refused it.
struct PingError {
  unsigned sequence = 0;               ///< as PingReply has it
  std::optional<IpAddress> from = {};  ///< who sent the ICMP error; none: the own kernel, see `local_error`
  std::uint8_t type = 0, code = 0;     ///< of the ICMP message, in the family's own numbering
  std::uint32_t mtu = 0;               ///< of "too big" messages
  int local_error = 0;                 ///< errno of sendto(2): ENETUNREACH, EPERM (a firewall's output chain), EMSGSIZE

  /// `Destination Host Unreachable`, `Time to live exceeded`, `Frag needed and DF set (mtu = 1400)`, as ping(8) says
  /// it.
  [[nodiscard]] std::string reason() const;
  /// `From 10.0.0.254 icmp_seq=2 Packet filtered`
  [[nodiscard]] std::string to_string() const;
};

/// Round-trip times of what was answered.
struct RttStatistics {
  std::chrono::nanoseconds min{}, avg{}, max{}, mdev{};
};

/// What came of it.
struct PingReport {
  IpAddress destination;
  std::size_t size = 0;
  unsigned transmitted = 0;
  std::vector<PingReply> replies;  ///< in the order of arrival, each request once
  std::vector<PingError> errors;
  std::vector<PingReply> late;  ///< to requests of earlier runs of the same Pinger, which had no answer then
  unsigned duplicates = 0;

  [[nodiscard]] unsigned received() const { return static_cast<unsigned>(replies.size()); }
  /// 0 to 1; 1 when nothing was sent.
  [[nodiscard]] double loss() const;
  /// Every request was answered.
  [[nodiscard]] bool complete() const { return transmitted > 0 && received() == transmitted; }
  explicit operator bool() const { return complete(); }
  [[nodiscard]] std::optional<RttStatistics> rtt() const;
  /// The round-trip times: `times().percentile(99)`.
  [[nodiscard]] LatencyHistogram times() const;
  /// As ping(8) prints it; of a hundred replies and more, percentiles too:
  /// `rtt p50/p90/p99/p99.9 = 0.038/0.052/0.101/1.203 ms`
  [[nodiscard]] std::string to_string() const;
};

std::ostream& operator<<(std::ostream& out, const PingReport& report);

/// A raw ICMP socket (needs CAP_NET_RAW in its namespace) and what it is to send. Move-only.
class Pinger {
 public:
  /// Opens the socket in the calling thread's network namespace. Errors: a spec that makes no sense; no permission; a
  /// source that is not the sender's.
  static Result<Pinger> open(const PingSpec& spec);

  /// Sends `count` requests, and returns when every one is answered or has its error, when `timeout` has passed after
  /// the last, or at the deadline; the first request is sent even when that has passed. Refusals by the own kernel are
  /// answers (PingReport::errors); an error is a socket that failed.
  Result<PingReport> run(Deadline deadline);
  /// What tells its requests from those of others.
  [[nodiscard]] std::uint16_t id() const { return id_; }

 private:
  class Run;
  using Unanswered = std::map<std::uint16_t, Deadline::Clock::time_point>;  // by sequence: when it was sent
  Pinger(UniqueFd socket, const PingSpec& spec, std::uint16_t id) : socket_{std::move(socket)}, spec_{spec}, id_{id} {}

  UniqueFd socket_;
  PingSpec spec_;
  std::uint16_t id_;
  std::uint16_t sent_ = 0;  // by earlier runs, modulo 2^16
  Unanswered unanswered_;   // of earlier runs
};

}  // namespace netrig::traffic
