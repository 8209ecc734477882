// Private to the module: the one thread that reads the output of a lab's programs, feeds their input and reaps them.
#pragma once

#include <netrig/base/deadline.h>
#include <netrig/base/result.h>
#include <netrig/base/unique_fd.h>
#include <netrig/process/child.h>

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

namespace netrig::process {

/// Starts its thread with the first child. A child stays with it until it is reaped and its pipes are at their end, so
/// a daemon that keeps the pipes of the program that started it is read as long as it lives.
class Loop : public std::enable_shared_from_this<Loop> {
 public:
  static Result<std::shared_ptr<Loop>> create();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  /// Takes care of `child` from now on. After an error the caller must kill and reap it.
  Result<void> add(const std::shared_ptr<Child>& child);
  /// Ends the thread when every child is reaped: they must have been killed. False when that did not happen until the
  /// deadline; the thread is left to itself then. No child may be added any more.
  bool stop(Deadline deadline);

 private:
  Loop(std::shared_ptr<const UniqueFd> epoll, UniqueFd wake) : epoll_{std::move(epoll)}, wake_{std::move(wake)} {}

  Result<void> start_thread();
  void run();
  void handle(std::uint64_t tag);
  bool over();

  const std::shared_ptr<const UniqueFd> epoll_;
  const UniqueFd wake_;
  std::mutex mutex_;  ///< of everything below
  std::condition_variable ended_;
  std::map<std::uint64_t, std::shared_ptr<Child>> children_;
  std::uint64_t last_key_ = 0;
  std::thread thread_;
  bool stopping_ = false;
  bool running_ = false;
};

}  // namespace netrig::process
