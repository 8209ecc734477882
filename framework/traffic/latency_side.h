// The two sides of a latency measurement: who asks, on schedule or as soon as there is an answer, and who sends back
// what it gets. Private to the module.
#pragma once

#include <netrig/base/unique_fd.h>
#include <netrig/traffic/crew.h>
#include <netrig/traffic/latency.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace netrig::traffic {

/// What each request begins with, and its answer, which is the same bytes.
struct RequestHeader {
  std::uint64_t number = 0;
  std::int64_t due_at = 0;  ///< ticks()
};

/// Sends back what it gets, until the connection ends or is_over.
class Echo {
 public:
  Echo(const LatencyLoad& load, std::string name) : load_{load}, name_{std::move(name)} {}
  /// Takes a connected stream socket, or a bound datagram socket.
  Result<void> open(UniqueFd socket);
  Result<void> run(Reins& reins);
  /// No more requests will come. From any thread.
  void end();

 private:
  Result<void> echo_stream(std::size_t size, Reins& reins);

  const LatencyLoad& load_;
  std::string name_;
  UniqueFd socket_;
  std::vector<unsigned char> bytes_;
  std::atomic<bool> over_{false};
};

/// Asks and keeps the times.
class Asker {
 public:
  Asker(const LatencyLoad& load, std::string name) : load_{load}, name_{std::move(name)} {}
  /// Takes a connected socket.
  Result<void> open(UniqueFd socket);
  Result<void> run(Reins& reins);

  [[nodiscard]] std::uint64_t answers() const { return answers_.load(std::memory_order_relaxed); }
  /// The sum of all round trips.
  [[nodiscard]] std::int64_t total_time() const { return total_time_.load(std::memory_order_relaxed); }
  /// Whether it asks no more, since the kernel takes nothing.
  [[nodiscard]] bool has_given_up() const { return given_up_.load(std::memory_order_relaxed) > 0; }
  /// Bytes that the queue to the kernel holds, taken or not. Not while it runs.
  [[nodiscard]] std::size_t held() const { return out_.size(); }
  /// Of datagrams: the errno of the last ICMP error, or of the path's end; 0: none came. Not while it runs.
  [[nodiscard]] int path_error() const { return path_error_; }
  /// Of datagrams: an error where nothing was answered any more, which loss as it was before does not explain.
  [[nodiscard]] Result<void> check_alive(const std::string& server) const;
  void tell(LatencyResult& result) const;

 private:
  [[nodiscard]] bool is_tcp() const { return load_.protocol == LatencyLoad::Protocol::tcp; }
  Result<void> run_on_schedule(Reins& reins);
  Result<void> run_back_to_back(Reins& reins);
  Result<void> ask();
  void queue(std::int64_t due);
  void give_up(std::int64_t now);
  Result<void> flush();
  Result<void> take_answers(int flags);
  void note(const RequestHeader& header);
  ssize_t send_on(std::size_t done, int flags);
  /// An error about one of the first `requests`.
  void note_path_error(int error, std::uint64_t requests);
  /// Nothing of the last request, and no error.
  [[nodiscard]] bool is_open() const { return !answered_.back() && refused_at_ < requests_; }
  [[nodiscard]] std::int64_t due_at(std::uint64_t number) const;
  [[nodiscard]] bool wants_more(const Reins& reins) const;
  Result<void> rest(const Reins& reins, std::int64_t until) const;
  [[nodiscard]] Error failure(const char* what, int error) const;

  const LatencyLoad& load_;
  std::string name_;
  UniqueFd socket_;
  std::vector<unsigned char> request_, out_, in_;
  std::size_t out_begin_ = 0, in_size_ = 0;
  std::vector<bool> answered_;
  std::atomic<std::uint64_t> answers_{0};
  std::atomic<std::int64_t> total_time_{0};
  std::atomic<std::uint64_t> given_up_{0};  ///< of those planned, never queued
  std::uint64_t requests_ = 0, late_ = 0;
  std::uint64_t planned_ = 0;      ///< due within the load's duration
  std::uint64_t answered_to_ = 0;  ///< the last request with an answer, and all before it
  std::uint64_t gap_ = 0;          ///< most in a row without one when a later one had come
  std::uint64_t unsent_ = 0;       ///< after that: refused by this side's own kernel
  std::uint64_t refused_at_ = 0;   ///< requests that path_error_ can be about: all before
  int path_error_ = 0;
  std::int64_t first_ = 0, last_sent_ = 0, last_answer_ = 0, waited_ = 0;  ///< waited_: in vain, back to back
  LatencyHistogram times_;
};

/// Errors of the load, by name.
Result<void> check(const LatencyLoad& load);

}  // namespace netrig::traffic
