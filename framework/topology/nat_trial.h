// Private to the module: the packets and connections by which classify_nat() asks.
#pragma once

#include <netrig/base/deadline.h>
#include <netrig/base/unique_fd.h>
#include <netrig/nft/names.h>
#include <netrig/topology/node.h>
#include <netrig/traffic/connect.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <sched.h>
#include <utility>

namespace netrig {
inline namespace topology {

/// Keeps the calling thread on one processor: what it sends stays in order, for every packet passes the same queue.
class OnOneProcessor {
 public:
  OnOneProcessor();
  ~OnOneProcessor();
  OnOneProcessor(const OnOneProcessor&) = delete;
  OnOneProcessor& operator=(const OnOneProcessor&) = delete;

 private:
  cpu_set_t before_{};
  bool kept_ = false;
};

/// A socket of one of the nodes. What the kernel refuses throws SetupError. Move-only.
class TrialSocket {
 public:
  /// Bound in the node's network to an endpoint that other trial sockets may share.
  static TrialSocket open(const Node& node, nft::Protocol protocol, const traffic::Endpoint& at);
  /// Bound to a port that no trial of this process had before, as far as there are any (10000 to 31999): a NAT
  /// remembers for minutes what was sent from a port.
  static TrialSocket open_unused(const Node& node, nft::Protocol protocol, const IpAddress& address);

  [[nodiscard]] traffic::Endpoint local() const;

  struct Datagram {
    traffic::Endpoint from;
    std::uint8_t tag = 0;
  };
  void send(const traffic::Endpoint& to, std::uint8_t tag);
  std::optional<Datagram> receive(Deadline deadline);

  void listen();
  /// Begins to connect.
  void connect(const traffic::Endpoint& to);
  /// Whether the connection stands at the deadline.
  bool connected(Deadline deadline);
  /// A connection that came in, and from where.
  std::optional<std::pair<TrialSocket, traffic::Endpoint>> accept(Deadline deadline);
  /// One byte of a connection.
  void write();
  bool read(Deadline deadline);

 private:
  explicit TrialSocket(UniqueFd socket) : socket_{std::move(socket)} {}
  UniqueFd socket_;
};

/// Who asks whom.
struct TrialEnds {
  Node client, server;
  IpAddress inside;                                         ///< the client's address
  std::array<std::array<traffic::Endpoint, 2>, 2> outside;  ///< the server's, by address and port
  Deadline deadline;
};

/// The three questions, for one protocol. Each call uses ports of the client's that were not used before.
class NatTrial {
 public:
  virtual ~NatTrial() = default;

  /// One inside endpoint and as what it came to the server's first endpoint, to the first port of its second address,
  /// and to the second port there.
  struct Mapped {
    traffic::Endpoint inside;
    std::array<traffic::Endpoint, 3> outside;
  };
  virtual Mapped map() = 0;

  /// Whether the client heard somebody whom it had not asked: with another address, and with another port.
  struct Heard {
    bool other_address = false, other_port = false;
  };
  virtual Heard filter() = 0;

  /// From where something came that the client sent to an outside endpoint of its own, and where it should come from.
  struct Hairpin {
    std::optional<traffic::Endpoint> from;
    traffic::Endpoint outside;
  };
  virtual Hairpin hairpin() = 0;
};

std::unique_ptr<NatTrial> udp_trial(TrialEnds ends);
std::unique_ptr<NatTrial> tcp_trial(TrialEnds ends);

/// For what must arrive and did not.
[[noreturn]] void throw_nothing_arrived(const TrialEnds& ends, nft::Protocol protocol, const traffic::Endpoint& at);

}  // namespace topology
}  // namespace netrig
