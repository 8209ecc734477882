// The one owner of a file descriptor.
#pragma once

#include <utility>

namespace netrig {
inline namespace base {

/// Owns a file descriptor and closes it. Move-only; -1 means none.
class UniqueFd {
 public:
  constexpr UniqueFd() noexcept = default;
  /// Takes ownership of `fd`, which is open or negative.
  constexpr explicit UniqueFd(int fd) noexcept : fd_{fd} {}
  UniqueFd(UniqueFd&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    reset(std::exchange(other.fd_, -1));
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { reset(); }

  [[nodiscard]] constexpr int get() const noexcept { return fd_; }
  [[nodiscard]] constexpr bool valid() const noexcept { return fd_ >= 0; }
  constexpr explicit operator bool() const noexcept { return valid(); }

  /// Gives up ownership: the caller closes it.
  [[nodiscard]] constexpr int release() noexcept { return std::exchange(fd_, -1); }
  /// Closes what is held and takes `fd`. Keeps errno as it was, so that an error path can close first and report after.
  void reset(int fd = -1) noexcept;

 private:
  int fd_ = -1;
};

}  // namespace base
}  // namespace netrig
