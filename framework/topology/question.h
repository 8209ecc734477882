// Private to the module: a probe that is traced. It knows its packets before it sends them.
#pragma once

#include <netrig/base/deadline.h>
#include <netrig/nft/rule.h>
#include <netrig/nft/trace_event.h>
#include <netrig/topology/attempt.h>
#include <netrig/topology/node.h>
#include <netrig/topology/origin.h>
#include <netrig/traffic/connect.h>
#include <netrig/traffic/ping.h>
#include <netrig/traffic/service.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace netrig {
inline namespace topology {

class Question {
 public:
  struct Target {
    IpAddress to;
    traffic::Service service;
    Origin origin = {};
  };
  /// One question a target, with all sockets opened in one visit to the network of `from`. Throws SetupError, also for
  /// an origin that `from` cannot send from.
  static std::vector<Question> of(const Node& from, const std::vector<Target>& targets);
  static Question of(const Node& from, const Target& target);

  /// Which packets are traced for a question.
  enum class Width : std::uint8_t {
    ports,     ///< those of its two ports: its own, also where addresses or one of the ports were translated
    protocol,  ///< all of its protocol: its own, whatever was translated
  };
  /// Matches for the question, its answer and ICMP errors.
  [[nodiscard]] std::vector<nft::Rule> packets(Width width) const;
  /// Whether the matches for its ports find a packet that it has become.
  [[nodiscard]] bool is_found(const nft::TracedPacket& packet) const;
  /// Whether it is the question as it was sent: of echo requests, the one that was answered or refused; any of its own
  /// before.
  [[nodiscard]] bool is_this(const nft::TracedPacket& packet) const;
  /// The first call asks; further ones go on waiting (TCP, UDP) or ask again (ICMP).
  Attempt ask(Deadline deadline);
  /// To be polled for `events()`; -1 for ICMP, which is asked again instead.
  [[nodiscard]] int fd() const { return probe_ ? probe_->fd() : -1; }
  [[nodiscard]] short events() const;
  /// Lets go of its port, for another question from the same one. It can be asked no more.
  void close() { probe_.reset(); }

 private:
  explicit Question(const Target& target) : to_{target.to}, service_{target.service}, origin_{target.origin} {}
  Result<void> open();
  Result<void> open_probe();
  Attempt ask_echo(Deadline deadline);

  IpAddress to_;
  traffic::Service service_;
  Origin origin_;
  std::optional<traffic::Probe> probe_;
  std::unique_ptr<traffic::Pinger> pinger_;
  Port port_;                             // that it sends from
  std::optional<std::uint16_t> decided_;  // sequence of the echo request that had an answer or an error
};

}  // namespace topology
}  // namespace netrig
