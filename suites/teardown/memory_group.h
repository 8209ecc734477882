// A memory cgroup that is short of memory at one's word, for the kernel's own out-of-memory killer to choose a process.
//
//   auto group = MemoryGroup::make();                       // root only; the reason where there is none to be had
//   Victim victim{{.surroundings = [&] { group->enter(); }}};
//   group->kill_by_shortage(victim.init().value());         // by the kernel: SIGKILL, "Memory cgroup out of memory"
#pragma once

#include <netrig/base/result.h>
#include <netrig/base/unique_fd.h>

#include <cstdint>
#include <string>
#include <sys/types.h>

namespace netrig::teardown {

/// One cgroup below one that this process may write to, of version 2 or 1: cgroups(7). Removed at its end, which fails
/// the test where a process is still in it.
class MemoryGroup {
 public:
  /// Errors: no mounted hierarchy has the memory controller in a place where a group can be made.
  static Result<MemoryGroup> make();
  MemoryGroup(MemoryGroup&& other) noexcept;
  MemoryGroup& operator=(MemoryGroup&&) = delete;
  ~MemoryGroup();

  /// The calling process, and what it makes from now on, belongs to the group. Throws SetupError.
  void enter() const;
  /// Uses up the group's memory by a process of its own until the kernel has killed one of the group: `chosen`, which
  /// is made the likeliest by its oom_score_adj (proc_pid_oom_score_adj(5)). The test fails where the kernel killed
  /// none.
  void kill_by_shortage(pid_t chosen) const;
  /// How many processes of it the kernel has killed.
  [[nodiscard]] std::int64_t kills() const;

 private:
  MemoryGroup(std::string path, UniqueFd directory, bool unified)
      : path_{std::move(path)}, directory_{std::move(directory)}, unified_{unified} {}

  /// Whether the limit of the new group could be set.
  [[nodiscard]] bool limit() const;
  [[nodiscard]] bool write(const char* file, const std::string& text) const;

  std::string path_;
  UniqueFd directory_;  ///< a victim's mounts may hide the path
  bool unified_;
};

}  // namespace netrig::teardown
