// One side of a bulk TCP measurement: its connections, and the thread that moves their bytes. Private to the module.
#pragma once

#include <netrig/base/unique_fd.h>
#include <netrig/traffic/crew.h>
#include <netrig/traffic/tcp_load.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include <linux/tcp.h>

namespace netrig::traffic {

/// One end of a connection. Written by its side's thread, read by whoever watches.
struct TcpFlow {
  UniqueFd socket;
  Endpoint local, peer;
  bool sends = false, receives = false;  ///< still
  unsigned number = 0;
  std::atomic<std::uint64_t> sent{0}, received{0};
  std::atomic<std::int64_t> last_arrival{0};  ///< ticks()
};

/// The payload: seeded noise that repeats after kPeriod, as bytes and as a file whose pages can be sent.
class TcpPayload {
 public:
  static constexpr std::size_t kPeriod = 1U << 20U;

  static Result<TcpPayload> make(std::uint64_t seed, bool with_file);
  /// What follows `position`, to the end of the period.
  [[nodiscard]] std::span<const unsigned char> at(std::uint64_t position) const;
  [[nodiscard]] int file() const { return file_.get(); }

 private:
  std::vector<unsigned char> bytes_;
  UniqueFd file_;
};

/// A side's connections and how it moves bytes over them.
class TcpSide {
 public:
  TcpSide(const TcpLoad& load, std::string name, bool is_client)
      : load_{load}, name_{std::move(name)}, is_client_{is_client} {}

  /// Takes a connected, non-blocking socket.
  Result<void> add(UniqueFd socket);
  /// Sends and receives until every flow is done in both directions. On the side's thread.
  Result<void> run(Reins& reins, const TcpPayload& payload);

  std::deque<TcpFlow> flows;
  [[nodiscard]] std::uint64_t received() const;
  [[nodiscard]] bool sends() const {
    return load_.direction == Direction::both || (load_.direction == Direction::forward) == is_client_;
  }
  [[nodiscard]] bool receives() const { return load_.direction == Direction::both || !sends(); }

 private:
  Result<void> send_some(TcpFlow& flow, const TcpPayload& payload, const Reins& reins);
  Result<void> receive_some(TcpFlow& flow, const TcpPayload& payload);
  Result<void> verify(const TcpFlow& flow, std::size_t size, const TcpPayload& payload);
  ssize_t send_once(TcpFlow& flow, const TcpPayload& payload);
  Result<void> finish_sending(TcpFlow& flow);
  void watch(const TcpFlow& flow) const;
  [[nodiscard]] Error failure(const char* what, const TcpFlow& flow, int error) const;
  [[nodiscard]] std::uint64_t shift(const TcpFlow& flow, bool own) const;

  const TcpLoad& load_;
  std::string name_;
  bool is_client_;
  UniqueFd epoll_;
  std::vector<unsigned char> buffer_;
  std::size_t open_ = 0;  ///< flows that are not done
  std::int64_t began_ = 0;
};

/// Errors of the load, by name.
Result<void> check(const TcpLoad& load);
/// Sets what the load asks for, before connect(2) or listen(2) or on a connection. Errors by name.
Result<void> set_options(int fd, const TcpLoad& load, const std::string& side);
/// What the kernel knows of a connection (tcp(7), TCP_INFO).
tcp_info info_of(const TcpFlow& flow);

}  // namespace netrig::traffic
