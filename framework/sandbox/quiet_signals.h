// A stretch in which no signal interrupts and children can be waited for. Private to the module.
#pragma once

#include <netrig/sandbox/raw.h>

namespace netrig::sandbox {

/// Blocks every signal for the calling thread, and lets an ignored SIGCHLD be default (else children could not be
/// waited for), until the end of the scope.
class QuietSignals {
 public:
  QuietSignals() : mask_{raw::set_mask(raw::kAllSignals)} {
    struct sigaction old{};
    ::sigaction(SIGCHLD, nullptr, &old);
    ignores_children_ = old.sa_handler == SIG_IGN;
    if (ignores_children_) raw::set_action(SIGCHLD, SIG_DFL);
  }
  QuietSignals(const QuietSignals&) = delete;
  QuietSignals& operator=(const QuietSignals&) = delete;
  ~QuietSignals() {
    if (ignores_children_) raw::set_action(SIGCHLD, SIG_IGN);
    raw::set_mask(mask_);
  }

  /// What was blocked before.
  [[nodiscard]] raw::SignalSet mask() const { return mask_; }
  [[nodiscard]] bool ignores_children() const { return ignores_children_; }

 private:
  raw::SignalSet mask_;
  bool ignores_children_ = false;
};

}  // namespace netrig::sandbox
