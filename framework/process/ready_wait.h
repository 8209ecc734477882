// Private to the module: the wait for a started program's readiness.
#pragma once

#include <netrig/base/deadline.h>
#include <netrig/base/result.h>
#include <netrig/process/child.h>
#include <netrig/process/file_watch.h>
#include <netrig/process/node_space.h>
#include <netrig/process/readiness.h>
#include <netrig/process/socket_table.h>

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

namespace netrig::process {

/// Made before the launch, to know what was there already.
class ReadyWait {
 public:
  /// An error for a condition that cannot be waited for.
  static Result<ReadyWait> prepare(const NodeSpace& node, const Readiness& ready);

  /// What the child is to look for in its output. Once, for the child that wait() gets.
  Awaited take_awaited() { return std::move(awaited_); }
  /// Waits for all conditions, the child's end or the deadline. Errors carry the child's last lines of output.
  Result<void> wait(const Child& child, Deadline deadline);

 private:
  struct Socket {
    Listening listening;
    std::set<std::uint32_t> before;
  };

  Result<void> add(const NodeSpace& node, const Listening& condition);
  Result<void> add(const NodeSpace& node, const OutputLine& condition);
  Result<void> add(const NodeSpace& node, const FileExists& condition);
  Result<bool> all_true(const Child& child);
  /// Until something changed, `interval` ms (-1: no limit) went by, or the deadline passed.
  void pause(const Child& child, int interval, Deadline deadline) const;

  Readiness ready_;
  Awaited awaited_;
  std::optional<SocketTable> table_;
  std::vector<Socket> sockets_;  ///< not yet seen, as the next
  std::vector<FileWatch> files_;
};

}  // namespace netrig::process
