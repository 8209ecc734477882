// One side of a bulk TCP measurement: its ends of the connections, and how bytes move over them. Private to the module.
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

/// One end of a connection. Written by the thread that serves it, read by whoever watches.
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
  static constexpr std::size_t kMostBlock = 4U << 20U;

  static Result<TcpPayload> make(std::uint64_t seed, bool with_file);
  /// What follows `position`, to the end of the period.
  [[nodiscard]] std::span<const unsigned char> at(std::uint64_t position) const;
  [[nodiscard]] int file() const { return file_.get(); }

 private:
  std::vector<unsigned char> bytes_;
  UniqueFd file_;
};

/// How much of what has arrived is taken at a time.
struct Helping {
  std::size_t bytes;  ///< by a system call, unless they are to be compared
  int calls;
};

/// A side's connections and how it moves bytes over them.
class TcpSide {
 public:
  TcpSide(const TcpLoad& load, std::string name, bool is_client)
      : load_{load}, name_{std::move(name)}, is_client_{is_client} {}

  /// Takes a connected, non-blocking socket.
  Result<void> add(UniqueFd socket);
  /// From here on errors say how long it went well.
  void begin() { began_ = ticks(); }
  [[nodiscard]] const std::string& name() const { return name_; }

  // By the thread that serves the end; as long as the kernel takes or gives at once, `most` system calls at most.
  Result<void> send_some(TcpFlow& flow, const TcpPayload& payload, const Reins& reins, int most);
  /// `room` is where what is to be compared goes.
  Result<void> receive_some(TcpFlow& flow, const TcpPayload& payload, std::span<unsigned char> room, Helping helping);
  Result<void> finish_sending(TcpFlow& flow);
  /// What MSG_ZEROCOPY leaves.
  void drain_errors(const TcpFlow& flow) const;

  std::deque<TcpFlow> flows;
  [[nodiscard]] std::uint64_t received() const;
  [[nodiscard]] bool sends() const {
    return load_.direction == Direction::both || (load_.direction == Direction::forward) == is_client_;
  }
  [[nodiscard]] bool receives() const { return load_.direction == Direction::both || !sends(); }

 private:
  Result<void> verify(const TcpFlow& flow, std::span<const unsigned char> bytes, const TcpPayload& payload) const;
  ssize_t send_once(TcpFlow& flow, const TcpPayload& payload) const;
  [[nodiscard]] Error failure(const char* what, const TcpFlow& flow, int error) const;
  [[nodiscard]] std::uint64_t shift(const TcpFlow& flow, bool own) const;

  const TcpLoad& load_;
  std::string name_;
  bool is_client_;
  std::int64_t began_ = 0;
};

/// Errors of the load, by name.
Result<void> check(const TcpLoad& load);
/// Sets what the load asks for, before connect(2) or listen(2) or on a connection. Errors by name.
Result<void> set_options(int fd, const TcpLoad& load, const std::string& side);
/// What the kernel knows of a connection (tcp(7), TCP_INFO).
tcp_info info_of(const TcpFlow& flow);
/// Fills in what of it belongs to the result. Times there are in microseconds.
void tell(TcpStream& stream, const tcp_info& info);

}  // namespace netrig::traffic
