// One thread that serves every listener of the process. Private to the module.
#pragma once

#include <netrig/base/deadline.h>
#include <netrig/base/result.h>
#include <netrig/base/unique_fd.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>

namespace netrig::traffic {

/// Calls a handler whenever its descriptor is readable. Safe from any thread.
class Reactor {
 public:
  /// The process's own; its thread starts with the first descriptor that is added.
  static Reactor& instance();
  ~Reactor();

  /// `on_readable` runs on the reactor's thread while `fd` has something to read, until remove(). It may add and
  /// remove.
  Result<void> add(int fd, std::function<void()> on_readable);
  /// When it returns on another thread than the reactor's, the handler does not run and will not run again.
  void remove(int fd);
  /// The handler of `fd`, which is readable and cannot be read for want of descriptors or memory, is not called for a
  /// tenth of a second: the kernel tells nobody when there is one again. Then it is called as before. For handlers;
  /// on another thread than the reactor's it does nothing, for that one will see for itself.
  void rest(int fd);
  /// How often the thread has looked for something to do.
  [[nodiscard]] std::uint64_t turns() const { return turns_; }

 private:
  Reactor() = default;
  Result<void> start();
  Result<void> start_thread(UniqueFd home);
  void loop();
  void call(int fd);
  void wake_resting();

  std::mutex state_;    ///< of the members below
  std::mutex running_;  ///< held while a handler runs
  std::unordered_map<int, std::shared_ptr<std::function<void()>>> handlers_;
  UniqueFd epoll_, wake_;
  std::optional<Deadline> rested_;  ///< of the reactor's thread: until then some handlers are not called
  std::atomic<std::uint64_t> turns_ = 0;
  std::thread thread_;
};

}  // namespace netrig::traffic
