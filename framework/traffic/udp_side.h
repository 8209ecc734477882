// The two sides of a datagram measurement: who sends on schedule, and who counts. Private to the module.
#pragma once

#include <netrig/base/unique_fd.h>
#include <netrig/traffic/crew.h>
#include <netrig/traffic/udp_load.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <vector>

namespace netrig::traffic {

/// What each datagram begins with, in this machine's byte order: both sides are this process.
struct UdpHeader {
  std::uint64_t number = 0;  ///< the measurement's mark, the stream, and the stream's own number; each from 0
  std::int64_t sent_at = 0;  ///< ticks()

  static constexpr unsigned kStreamShift = 40, kMarkShift = 50;
};

/// What each datagram of a measurement that verifies ends with: it changes with any bit of the header.
std::uint64_t check_word(const UdpHeader& header);

/// Payload after the header, and before the check word if there is one: the same in each datagram.
std::vector<unsigned char> udp_body(const UdpLoad& load);

/// A stream, at who sends it.
struct UdpFlow {
  UniqueFd socket;
  Endpoint from;
  std::uint64_t sent = 0, refused = 0;
};

/// An ICMP error, or a path that has ended, that did not end the measurement.
struct PathError {
  int number = 0;       ///< errno; 0: none came
  std::int64_t at = 0;  ///< ticks()
};

/// Sends at the rate, or as fast as the kernel takes it: the streams take turns.
class UdpSender {
 public:
  UdpSender(const UdpLoad& load, std::string name, std::uint64_t mark)
      : load_{load}, name_{std::move(name)}, mark_{mark} {}

  /// Takes connected, non-blocking sockets, one a stream.
  void open(std::vector<UdpFlow> flows);
  /// `heard`: whether anything has arrived. Until then an ICMP error, or a path that has ended, ends the measurement.
  Result<void> run(Reins& reins, const std::function<bool()>& heard);

  [[nodiscard]] std::uint64_t sent() const { return sent_.load(std::memory_order_acquire); }
  [[nodiscard]] std::uint64_t refused() const { return refused_; }
  [[nodiscard]] const std::vector<UdpFlow>& flows() const { return flows_; }
  [[nodiscard]] bool segmented() const { return segments_ > 1; }
  /// Datagrams that may be out before sent() tells of them.
  [[nodiscard]] std::uint64_t batch() const { return parts_.size() * segments_; }
  [[nodiscard]] bool done() const { return done_.load(std::memory_order_acquire); }
  [[nodiscard]] std::int64_t first() const { return first_; }
  /// Of those that its own kernel refused, too.
  [[nodiscard]] std::int64_t last() const { return last_; }
  /// The last.
  [[nodiscard]] PathError path_error() const { return path_error_; }
  /// Until the last send: how long a full buffer kept it.
  [[nodiscard]] std::chrono::nanoseconds blocked() const { return blocked_; }

 private:
  [[nodiscard]] bool all_gone() const { return load_.packets && sent() + refused_ >= *load_.packets * load_.streams; }
  [[nodiscard]] bool has_gone(const UdpFlow& flow) const {
    return load_.packets && flow.sent + flow.refused >= *load_.packets;
  }
  [[nodiscard]] double gap() const;
  [[nodiscard]] double offset() const;
  [[nodiscard]] std::uint64_t due(std::int64_t now) const;
  Result<void> wait_until_due(const Reins& reins) const;
  Result<void> send(std::uint64_t count, const Reins& reins, const std::function<bool()>& heard);
  Result<void> refuse(int error, const Reins& reins, const std::function<bool()>& heard);
  Result<void> wait_for_room(const Reins& reins);
  unsigned fill(std::uint64_t count, std::int64_t now);
  void next_turn() { turn_ = turn_ + 1 == flows_.size() ? 0 : turn_ + 1; }

  const UdpLoad& load_;
  std::string name_;
  std::uint64_t mark_;
  std::vector<UdpFlow> flows_;
  std::size_t turn_ = 0;              ///< whose
  std::size_t segments_ = 1;          ///< datagrams a message
  std::vector<unsigned char> bytes_;  ///< of all messages
  std::vector<iovec> parts_;
  std::vector<mmsghdr> messages_;
  std::atomic<std::uint64_t> sent_{0};
  std::atomic<bool> done_{false};
  std::uint64_t refused_ = 0;
  std::int64_t first_ = 0, last_ = 0;
  PathError path_error_;
  std::chrono::nanoseconds blocked_{}, waited_{};  ///< until the last send, and until now
};

/// The books of what arrives of one stream: once, again, out of order, and how late. One thread writes, others may read
/// the counts and the jitter.
class Arrivals {
 public:
  /// Whether it is there for the first time.
  bool count(std::uint64_t number, std::int64_t sent_at, std::int64_t now);
  /// Different ones.
  [[nodiscard]] std::uint64_t received() const { return received_.load(std::memory_order_acquire); }
  /// Numbers up to the greatest that came.
  [[nodiscard]] std::uint64_t expected() const { return expected_.load(std::memory_order_acquire); }
  /// Most numbers in a row that had not come when a greater one did.
  [[nodiscard]] std::uint64_t gap() const { return gap_; }
  /// ticks() of the last; 0: none came.
  [[nodiscard]] std::int64_t last() const { return last_; }
  [[nodiscard]] std::chrono::nanoseconds jitter() const {
    return std::chrono::nanoseconds{static_cast<std::int64_t>(jitter_.load(std::memory_order_relaxed))};
  }
  void tell(UdpStream& stream) const;

 private:
  std::vector<std::uint64_t> seen_;  ///< a bit a number
  std::atomic<std::uint64_t> received_{0}, expected_{0};
  std::uint64_t duplicates_ = 0, reordered_ = 0, gap_ = 0;
  std::int64_t last_ = 0, transit_ = 0;
  std::atomic<double> jitter_{0};
};

/// Takes what arrives.
class UdpReceiver {
 public:
  UdpReceiver(const UdpLoad& load, std::string name, std::uint64_t mark)
      : load_{load}, name_{std::move(name)}, mark_{mark}, began_{ticks()}, arrivals_(load.streams) {}

  /// Takes a bound, non-blocking socket.
  Result<void> open(UniqueFd socket);
  /// Until all that `sender` sent has come, or nothing came for the load's linger after its end.
  Result<void> run(Reins& reins, const UdpSender& sender);

  /// Different ones, of all streams.
  [[nodiscard]] std::uint64_t received() const { return received_.load(std::memory_order_acquire); }
  /// ticks() of the last; 0: none came.
  [[nodiscard]] std::int64_t last() const { return last_; }
  /// ticks() at which the one that was sent last of those that came was sent.
  [[nodiscard]] std::int64_t newest() const { return newest_; }
  [[nodiscard]] const LatencyHistogram& delay() const { return delay_; }
  /// Stream by stream.
  [[nodiscard]] const std::vector<Arrivals>& arrivals() const { return arrivals_; }

 private:
  Result<void> receive_some(const UdpSender& sender);
  Result<void> take(const unsigned char* datagram, std::size_t size, std::int64_t now, const UdpSender& sender);
  [[nodiscard]] Result<void> verify_header(const UdpHeader& header, const unsigned char* datagram,
                                           std::int64_t now) const;
  [[nodiscard]] Result<void> verify(const unsigned char* got, std::uint64_t stream, std::uint64_t number) const;
  [[nodiscard]] std::optional<std::chrono::nanoseconds> patience(const UdpSender& sender) const;

  const UdpLoad& load_;
  std::string name_;
  std::uint64_t mark_;
  std::int64_t began_;  ///< ticks(): what was sent before is of another measurement
  UniqueFd socket_;
  bool whole_ = false;  ///< the content matters, or several come in one
  std::vector<unsigned char> bytes_, body_;
  std::vector<std::vector<unsigned char>> controls_;
  std::vector<iovec> parts_;
  std::vector<mmsghdr> messages_;
  std::vector<Arrivals> arrivals_;
  std::atomic<std::uint64_t> received_{0};
  std::int64_t last_ = 0, newest_ = 0;
  LatencyHistogram delay_;
};

/// Errors of the load, by name.
Result<void> check(const UdpLoad& load);

}  // namespace netrig::traffic
