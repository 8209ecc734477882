// Namespaces that still count though nobody has them any more: the kernel counts one until a worker of its own has
// reaped it, for whole seconds on a busy machine, and tells nobody when it has (user_namespaces(7), ENOSPC).
//
//   NamespacePatience patience{{"net"}};
//   while (unshare(CLONE_NEWNET) != 0) {
//     if (errno != ENOSPC || !patience.wait()) return errno;
//   }
#pragma once

#include <netrig/base/deadline.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace netrig {
inline namespace base {

/// How many namespaces of `kind` (`net`, `mnt`, `pid`, `uts`) of the calling process's user namespace, and of those
/// within, are in use: by a process or a descriptor that /proc shows. Fewer than the kernel counts where something
/// holds one in another way, never more. nullopt: /proc cannot be read.
std::optional<std::size_t> count_living_namespaces(std::string_view kind);

/// How long to be patient.
struct NamespacePatienceSpans {
  /// While as many as may be are in use: a process that was just killed takes a moment to let go of its own.
  Deadline::Clock::duration in_use = std::chrono::seconds{2};
  /// While fewer are, so that the kernel is behind: its one worker serves the whole machine.
  Deadline::Clock::duration reaping = std::chrono::minutes{4};
  /// Where this user namespace has no limit of its own: it is that of an outer one, of which nothing shows here.
  Deadline::Clock::duration outer = std::chrono::seconds{20};
};

/// Waits for the kernel's worker, once a namespace was refused with ENOSPC, for as long as that can help: while fewer
/// are in use than user.max_KIND_namespaces of this user namespace allows, the rest wait to be reaped.
class NamespacePatience {
 public:
  /// Of these `kinds`, one was refused.
  explicit NamespacePatience(std::vector<std::string> kinds, NamespacePatienceSpans spans = {})
      : kinds_{std::move(kinds)}, spans_{spans} {}

  /// Waits a moment, and is true; false, at once, where trying again is in vain.
  bool wait();

 private:
  [[nodiscard]] bool some_limit_is(bool (*such)(const std::string& kind, std::size_t limit)) const;

  std::vector<std::string> kinds_;
  NamespacePatienceSpans spans_;
  std::optional<Deadline> end_;     ///< from the first wait on
  std::optional<Deadline> in_use_;  ///< from when all were seen in use
  std::chrono::milliseconds pause_{1};
};

}  // namespace base
}  // namespace netrig
