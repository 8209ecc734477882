// What this process holds of the kernel's, to be compared before and after: a failure that leaves something shows.
#pragma once

#include <netrig/topology/lab.h>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace netrig::kernel_failures {

/// Descriptors of this process (number and what they are), its threads, and the processes of the sandbox.
struct Held {
  std::vector<std::string> descriptors;
  std::size_t threads = 0;
  std::vector<std::string> processes;

  friend bool operator==(const Held&, const Held&) = default;
};

/// As /proc shows it at this moment.
Held held_now();

/// Whether this process holds what it held `before`: at once, or soon, for threads and processes that have ended are
/// shown until the kernel is through with them. Says what there is more.
testing::AssertionResult holds_as(const Held& before);

/// While it lives, this sandbox may have `count` network namespaces, its own among them: user.max_net_namespaces. The
/// kernel counts, so a lab that can just be built proves that nothing else is alive.
class NamespaceLimit {
 public:
  /// `kind`: `net`, `mnt`, `pid`, `uts`.
  NamespaceLimit(const std::string& kind, std::size_t count);
  NamespaceLimit(const NamespaceLimit&) = delete;
  NamespaceLimit& operator=(const NamespaceLimit&) = delete;
  ~NamespaceLimit();

 private:
  std::string path_, before_;
};

}  // namespace netrig::kernel_failures
