// Private to the module: output kept in bounded memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace netrig::process {

/// Text that grows without end while its beginning and its end are kept: the first quarter of `limit` bytes, and the
/// rest of them from the end. Holds up to twice that in memory.
class Capture {
 public:
  explicit Capture(std::size_t limit) : head_limit_{limit / 4}, tail_limit_{limit - limit / 4} {}

  void append(std::string_view text);
  /// What is kept; where bytes are missing, a line `[... 123 bytes dropped ...]` stands for them.
  [[nodiscard]] std::string text() const;
  /// All bytes ever appended.
  [[nodiscard]] std::uint64_t total() const { return total_; }

 private:
  std::size_t head_limit_;
  std::size_t tail_limit_;
  std::uint64_t total_ = 0;
  std::string head_;
  std::string tail_;
};

}  // namespace netrig::process
