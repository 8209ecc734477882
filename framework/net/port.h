// TCP and UDP ports.
#pragma once

#include <netrig/base/result.h>
#include <netrig/net/value.h>

#include <compare>
#include <cstdint>
#include <string_view>

namespace netrig {
inline namespace net {

/// A port number in host byte order; 0 where the kernel is to choose.
class Port {
 public:
  using NetValue = Port;

  constexpr Port() = default;
  constexpr explicit Port(std::uint16_t value) : value_{value} {}
  /// 0..65535, in decimal digits without leading zeros.
  static Result<Port> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const { return std::to_string(value_); }

  [[nodiscard]] constexpr std::uint16_t value() const { return value_; }
  [[nodiscard]] constexpr std::size_t hash() const { return hash_number(value_); }
  friend constexpr auto operator<=>(const Port&, const Port&) = default;

 private:
  std::uint16_t value_ = 0;
};

/// Ports from `first` to `last`, both included. One that is upside down can be written, and holds no port.
struct PortRange {
  using NetValue = PortRange;
  Port first;
  Port last;

  constexpr PortRange() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): a port is a range of one
  constexpr PortRange(Port port) : first{port}, last{port} {}
  // NOLINTNEXTLINE(google-explicit-constructor): a port is a range of one
  constexpr PortRange(std::uint16_t port) : PortRange{Port{port}} {}
  constexpr PortRange(Port from, Port to) : first{from}, last{to} {}
  constexpr PortRange(std::uint16_t from, std::uint16_t to) : first{from}, last{to} {}
  /// `80` or `8000-8080`, not upside down.
  static Result<PortRange> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;

  /// How many ports: 0 when it is upside down.
  [[nodiscard]] constexpr std::uint32_t size() const;
  [[nodiscard]] constexpr bool contains(Port port) const { return first <= port && port <= last; }
  [[nodiscard]] constexpr std::size_t hash() const { return hash_number(first.value() * 65536ULL + last.value()); }
  friend constexpr auto operator<=>(const PortRange&, const PortRange&) = default;
};

constexpr std::uint32_t PortRange::size() const {
  return last < first ? 0U : static_cast<std::uint32_t>(last.value() - first.value()) + 1U;
}

}  // namespace net
}  // namespace netrig
