// The two sides of a measurement of connections: who makes them, and who accepts. Private to the module.
#pragma once

#include <netrig/base/unique_fd.h>
#include <netrig/traffic/connect.h>
#include <netrig/traffic/connection_rate.h>
#include <netrig/traffic/crew.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace netrig::traffic {

/// What a byte over a held connection asks of the server, which sends it back when that is done.
enum class Ask : char {
  answer = '?',
  count_memory = 'm',  ///< what is in the buffers of all
};

/// Accepts, and where connections are held, sends back the byte that each brings.
class Acceptor {
 public:
  Acceptor(const ConnectionLoad& load, std::string name, int listener)
      : load_{load}, name_{std::move(name)}, listener_{listener} {}
  /// Until it is nudged: the client has what it wants.
  Result<void> run(Reins& reins);
  [[nodiscard]] std::uint64_t accepted() const { return accepted_.load(std::memory_order_relaxed); }
  /// What Ask::count_memory has found.
  [[nodiscard]] ByteCount buffers() const { return buffers_; }

 private:
  Result<void> accept_all();
  void count_memory();
  Result<void> answer(int connection);
  [[nodiscard]] Result<void> failure(const char* what) const;

  const ConnectionLoad& load_;
  std::string name_;
  int listener_;
  int epoll_ = -1;  ///< of the thread's own table, as the connections: see own_files.h
  std::atomic<std::uint64_t> accepted_{0};
  std::vector<int> held_;  ///< some may have ended
  ByteCount buffers_;
};

/// What is in a socket's buffers; nothing where the kernel does not say.
ByteCount buffered(int socket);

/// Of so many TCP sockets, and what is in their buffers.
HeldMemory memory_of(std::uint64_t ends, AddressFamily family, ByteCount buffers);

/// Connects, in the client's network namespace.
class Connector {
 public:
  Connector(const ConnectionLoad& load, std::string name, const Endpoint& to)
      : load_{load}, name_{std::move(name)}, to_{to} {}
  Result<void> run(Reins& reins);
  [[nodiscard]] std::uint64_t progress() const { return progress_.load(std::memory_order_relaxed); }
  void tell(ConnectionRateResult& result) const;
  /// What was in the buffers of its ends of all that were held.
  [[nodiscard]] ByteCount buffers() const { return buffered_; }

 private:
  struct Attempt {
    UniqueFd socket;
    std::int64_t began = 0;
  };
  Result<void> make_all(Reins& reins);
  Result<void> begin(std::size_t slot);
  Result<void> complete(std::size_t slot);
  Result<void> use_all(Reins& reins);
  Result<void> ask(std::size_t first, std::size_t count, Ask what, Reins& reins);
  Result<void> take_answer(std::size_t index);
  [[nodiscard]] Error failure(const std::string& what, int error) const;

  const ConnectionLoad& load_;
  std::string name_;
  Endpoint to_;
  UniqueFd epoll_;
  std::vector<Attempt> slots_;
  std::vector<UniqueFd> held_;
  std::uint64_t begun_ = 0, made_ = 0, most_held_ = 0;
  std::atomic<std::uint64_t> progress_{0};
  std::int64_t first_ = 0, last_ = 0;
  std::chrono::nanoseconds cpu_{};
  ByteCount buffered_;
  LatencyHistogram times_;
};

/// Errors of the load, by name.
Result<void> check(const ConnectionLoad& load);

}  // namespace netrig::traffic
