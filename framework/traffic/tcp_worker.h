// A thread of a bulk TCP measurement: the ends of connections that it serves. Private to the module.
#pragma once

#include <netrig/base/unique_fd.h>
#include <netrig/traffic/tcp_side.h>

#include <chrono>
#include <cstddef>
#include <vector>

namespace netrig::traffic {

/// Moves the bytes of the ends it was given: of one side's, or of both ends of some connections in turn.
class TcpWorker {
 public:
  TcpWorker(const TcpLoad& load, const TcpPayload& payload) : load_{load}, payload_{payload} {}

  /// All ends of one side.
  void take(TcpSide& side);
  /// Both ends of one connection. A worker takes either sides or connections.
  void take(TcpSide& client, TcpSide& server, std::size_t connection);
  /// Sends and receives until every end is done in both directions. On the worker's thread.
  Result<void> run(Reins& reins);
  /// What the ends of the server's side cost, where both sides' are served.
  [[nodiscard]] std::chrono::nanoseconds server_time() const { return server_time_; }

 private:
  struct End {
    TcpSide* side;
    TcpFlow* flow;
  };

  Result<void> watch_all(const Reins& reins);
  void watch(const End& end) const;
  Result<void> serve(const End& end, std::uint32_t events, const Reins& reins);
  Result<void> serve_connection(std::size_t number, std::uint32_t events, const Reins& reins);
  Result<void> wake_up(const Reins& reins);

  const TcpLoad& load_;
  const TcpPayload& payload_;
  bool has_both_ends_ = false;
  std::vector<End> ends_;  ///< with both ends: the client's, the server's, the next client's...
  UniqueFd epoll_;
  std::vector<unsigned char> received_;  ///< what is compared
  std::size_t open_ = 0;                 ///< ends that are not done
  std::chrono::nanoseconds server_time_{};
};

}  // namespace netrig::traffic
