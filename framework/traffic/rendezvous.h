// How the two sides of a measurement get their TCP connections. Private to the module.
#pragma once

#include <netrig/base/unique_fd.h>
#include <netrig/traffic/measurement.h>

#include <functional>
#include <utility>

namespace netrig::traffic {

/// Sets options of a socket before it connects or listens.
using Prepare = std::function<Result<void>(int fd)>;

/// A listening socket on the server's side, for one measurement.
class Door {
 public:
  /// On every address of the destination's family. Errors: EADDRINUSE; what `prepare` returns.
  static Result<Door> open(const RunOptions& run, const Side& server, const Prepare& prepare);

  /// The client's end of a new connection and the server's, both non-blocking. Errors say who refused it: the
  /// destination, a firewall on the way, the own kernel, or nobody within the run's patience.
  Result<std::pair<UniqueFd, UniqueFd>> connect(const RunOptions& run, const Sides& sides,
                                                const Prepare& prepare) const;
  /// Where clients connect to.
  [[nodiscard]] Port destination_port(const RunOptions& run) const { return run.destination_port.value_or(port_); }
  [[nodiscard]] int fd() const { return socket_.get(); }

 private:
  UniqueFd socket_;
  Port port_;
};

/// Non-blocking, close-on-exec, of the destination's family, bound to every address at the run's port. `type`:
/// SOCK_STREAM or SOCK_DGRAM.
Result<std::pair<UniqueFd, Port>> bound_socket(const RunOptions& run, int type, const std::string& side,
                                               const Prepare& prepare);

}  // namespace netrig::traffic
