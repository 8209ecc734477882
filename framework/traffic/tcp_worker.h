// A thread of a bulk TCP measurement: the ends of connections that it serves. Private to the module.
#pragma once

#include <netrig/base/unique_fd.h>
#include <netrig/traffic/tcp_side.h>

#include <cstddef>
#include <cstdint>
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
  /// Of the time it served ends, where they are both sides': how much was spent on the server's, 0 to 1. By the clock
  /// on the wall, since asking what a thread has used costs a hundredth of all that a fast link moves meanwhile.
  [[nodiscard]] double server_share() const;

 private:
  struct End {
    TcpSide* side;
    TcpFlow* flow;
  };

  Result<void> watch_all(const Reins& reins);
  void watch(const End& end) const;
  Result<void> serve(const End& end, std::uint32_t events, const Reins& reins);
  Result<void> serve_connection(std::size_t end, std::uint32_t events, const Reins& reins);
  Result<void> wake_up(const Reins& reins);

  const TcpLoad& load_;
  const TcpPayload& payload_;
  bool has_both_ends_ = false;
  std::vector<End> ends_;  ///< with both ends: the client's, the server's, the next client's...
  UniqueFd epoll_;
  std::vector<unsigned char> received_;            ///< what is compared
  std::size_t open_ = 0;                           ///< ends that are not done
  std::int64_t serving_ = 0, serving_server_ = 0;  ///< nanoseconds
};

}  // namespace netrig::traffic
