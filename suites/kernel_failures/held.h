// What this process holds of the kernel's, to be compared before and after: a failure that leaves something shows.
#pragma once

#include <netrig/topology/lab.h>

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace netrig::kernel_failures {

/// Descriptors of this process (number and what they are), its threads, and the processes of the sandbox.
struct Held {
  std::vector<std::string> descriptors;
  std::size_t threads = 0;
  std::vector<std::string> processes;
};

/// As /proc shows it at this moment.
Held held_now();

/// Whether this process holds no more than it held `before`: at once, or soon, for threads and processes that have
/// ended are shown until the kernel is through with them. Says what there is more.
testing::AssertionResult holds_as(const Held& before);

/// A file of /proc/sys that holds another value while this lives.
class Setting {
 public:
  /// nullopt where it may not be written.
  static std::optional<Setting> make(const std::string& path, const std::string& value);
  Setting(Setting&& other) noexcept : path_{std::exchange(other.path_, {})}, before_{std::move(other.before_)} {}
  Setting& operator=(Setting&&) = delete;
  ~Setting();

 private:
  Setting(std::string path, std::string before) : path_{std::move(path)}, before_{std::move(before)} {}
  std::string path_, before_;
};

/// While it lives, this sandbox may have `count` namespaces of `kind` (`net`, `mnt`, `pid`, `uts`), its own among them:
/// user_namespaces(7). The kernel counts, so a lab that can just be built proves that nothing else is alive.
class NamespaceLimit {
 public:
  NamespaceLimit(const std::string& kind, std::size_t count);

 private:
  Setting setting_;
};

}  // namespace netrig::kernel_failures
