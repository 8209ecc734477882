// Bandwidth and byte counts. Decimal units only: 100_mbit is 100,000,000 bit/s, 64_kbyte is 64,000 bytes.
//
//   shape(eth0, 100_mbit);
//   Bandwidth goodput = rate(received, elapsed);
#pragma once

#include <netrig/base/result.h>
#include <netrig/net/value.h>

#include <chrono>
#include <compare>
#include <cstdint>
#include <string_view>

namespace netrig {
inline namespace net {

/// Bits in a second.
class Bandwidth {
 public:
  using NetValue = Bandwidth;

  constexpr Bandwidth() = default;
  static constexpr Bandwidth bits_per_second(std::uint64_t bits) { return Bandwidth{bits}; }
  /// A number and one of `bit kbit mbit gbit tbit`, in either case; a fraction is fine where whole bits come of it:
  /// `2.5gbit`. Units of 1024 and of bytes are errors.
  static Result<Bandwidth> parse(std::string_view text);
  /// As tc(8) prints it: `100Mbit`, `1500Kbit`, `7bit`.
  [[nodiscard]] std::string to_string() const;

  [[nodiscard]] constexpr std::uint64_t bits_per_second() const { return bits_; }
  [[nodiscard]] constexpr std::size_t hash() const { return hash_number(bits_); }
  friend constexpr auto operator<=>(const Bandwidth&, const Bandwidth&) = default;

 private:
  constexpr explicit Bandwidth(std::uint64_t bits) : bits_{bits} {}

  std::uint64_t bits_ = 0;
};

/// A number of bytes.
class ByteCount {
 public:
  using NetValue = ByteCount;

  constexpr ByteCount() = default;
  constexpr explicit ByteCount(std::uint64_t bytes) : bytes_{bytes} {}
  /// A number and one of `byte kbyte mbyte gbyte tbyte`, in either case: `64kbyte`, `1.5mbyte`. Units of 1024 are
  /// errors.
  static Result<ByteCount> parse(std::string_view text);
  /// `64kbyte`, in the largest unit that needs no fraction.
  [[nodiscard]] std::string to_string() const;

  [[nodiscard]] constexpr std::uint64_t value() const { return bytes_; }
  constexpr ByteCount& operator+=(ByteCount other);
  [[nodiscard]] constexpr std::size_t hash() const { return hash_number(bytes_); }
  friend constexpr auto operator<=>(const ByteCount&, const ByteCount&) = default;
  friend constexpr ByteCount operator+(ByteCount a, ByteCount b) { return a += b; }

 private:
  std::uint64_t bytes_ = 0;
};

constexpr ByteCount& ByteCount::operator+=(ByteCount other) {
  bytes_ += other.bytes_;
  return *this;
}

/// `bytes` in `elapsed`, rounded down; the greatest Bandwidth there is for no time at all or a figure beyond it.
Bandwidth rate(ByteCount bytes, std::chrono::nanoseconds elapsed);
/// How long `bytes` take at `bandwidth`, rounded up; the greatest duration there is at no bandwidth.
std::chrono::nanoseconds transfer_time(ByteCount bytes, Bandwidth bandwidth);

}  // namespace net
}  // namespace netrig
