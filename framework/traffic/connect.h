// One TCP connection attempt, or one UDP datagram that should come back: who answered, and what.
//
//   auto probe = NETRIG_TRY(Probe::open({.service = tcp(80), .destination = server}));   // in the sender's network
//   ProbeOutcome outcome = probe.run(Deadline::after(2s));                               // on any thread
//   std::cout << outcome;      // connected to 10.0.0.2:80 after 0.1 ms
//                              // refused by 10.0.0.2:80 after 0.1 ms
//                              // rejected by 10.0.0.254: Packet filtered
//                              // no answer from 10.0.0.2:80 within 2000 ms
#pragma once

#include <netrig/base/deadline.h>
#include <netrig/base/result.h>
#include <netrig/base/unique_fd.h>
#include <netrig/net/ip_address.h>
#include <netrig/net/port.h>
#include <netrig/traffic/service.h>

#include <chrono>
#include <iosfwd>
#include <optional>
#include <string>

namespace netrig::traffic {

/// An address and a port.
struct Endpoint {
  IpAddress address;
  Port port;
  /// `10.0.0.2:80`, `[fd00::2]:80`
  [[nodiscard]] std::string to_string() const;
  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

std::ostream& operator<<(std::ostream& out, const Endpoint& endpoint);

/// What to try.
struct ProbeSpec {
  Service service;  ///< tcp or udp
  IpAddress destination;
  std::optional<IpAddress> source = {};  ///< an address of the sender's; none: the kernel's choice
  Port source_port{};                    ///< 0: the kernel's choice
};

/// What came of it.
struct ProbeOutcome {
  enum class Kind {
    answered,  ///< TCP: connected. UDP: the datagram came back, byte for byte
    refused,   ///< by the destination: TCP's RST, or for UDP its port unreachable
    rejected,  ///< another ICMP error (a firewall's reject, a router), or the own kernel before anything was sent
    silent,    ///< nothing until the deadline
  };
  Kind kind = Kind::silent;
  Service service;
  Endpoint to;
  std::optional<Endpoint> local = {};      ///< the sender's end, once it is known
  std::optional<IpAddress> reporter = {};  ///< who sent the ICMP error
  int error = 0;  ///< errno of a refusal or rejection: ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EPERM...
  std::chrono::nanoseconds elapsed{};

  [[nodiscard]] bool answered() const { return kind == Kind::answered; }
  explicit operator bool() const { return answered(); }
  [[nodiscard]] std::string to_string() const;
};

std::ostream& operator<<(std::ostream& out, const ProbeOutcome& outcome);

/// A socket and what it is to try. Move-only.
class Probe {
 public:
  /// Opens the socket in the calling thread's network namespace. Errors: ICMP as service (Pinger does that), families
  /// that differ, a source that is not the sender's.
  static Result<Probe> open(const ProbeSpec& spec);
  /// Tries once. What the network or the kernel says is an answer, never an error. After silence, another call goes on
  /// waiting for the same answer.
  ProbeOutcome run(Deadline deadline);
  /// Takes the port that it will send from, unless ProbeSpec::source_port is given: for who must know it before.
  Result<Port> claim_port();
  /// The socket, to be polled together with others: writable when a TCP connection is decided, readable for UDP.
  [[nodiscard]] int fd() const { return socket_.get(); }

 private:
  Probe(UniqueFd socket, const ProbeSpec& spec) : socket_{std::move(socket)}, spec_{spec} {}
  void begin(ProbeOutcome& outcome);
  void connect_tcp(ProbeOutcome& outcome, Deadline deadline);
  void echo_udp(ProbeOutcome& outcome, Deadline deadline);

  UniqueFd socket_;
  ProbeSpec spec_;
  std::optional<Deadline::Clock::time_point> started_;
};

}  // namespace netrig::traffic
