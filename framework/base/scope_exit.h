// The undo, written on the line after the do.
//
//   if (mount(...) != 0) return fail(...);
//   ScopeExit unmount{[&] { umount2(path, MNT_DETACH); }};
//   ...
//   unmount.dismiss();   // it all worked: keep it
#pragma once

#include <utility>

namespace netrig {
inline namespace base {

/// Runs `undo` at the end of the scope unless dismissed. `undo` must not throw.
template <class Undo>
class [[nodiscard]] ScopeExit {
 public:
  explicit ScopeExit(Undo undo) : undo_{std::move(undo)} {}
  ScopeExit(ScopeExit&& other) noexcept : undo_{std::move(other.undo_)}, armed_{std::exchange(other.armed_, false)} {}
  ScopeExit(const ScopeExit&) = delete;
  ScopeExit& operator=(const ScopeExit&) = delete;
  ScopeExit& operator=(ScopeExit&&) = delete;
  ~ScopeExit() {
    if (armed_) undo_();
  }

  /// Forgets the undo: what was done stays.
  void dismiss() noexcept { armed_ = false; }

 private:
  Undo undo_;
  bool armed_ = true;
};

}  // namespace base
}  // namespace netrig
