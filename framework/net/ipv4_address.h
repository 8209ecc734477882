// An IPv4 address.
//
//   auto server = NETRIG_TRY(Ipv4Address::parse("10.0.0.1"));
//   constexpr Ipv4Address kGateway{10, 0, 0, 1};          // or "10.0.0.1"_ip4, of <netrig/net/literals.h>
#pragma once

#include <netrig/base/result.h>
#include <netrig/net/address_family.h>
#include <netrig/net/value.h>

#include <array>
#include <compare>
#include <string_view>

namespace netrig {
inline namespace net {

/// An IPv4 address, kept in network byte order. Orders by number.
class Ipv4Address {
 public:
  using NetValue = Ipv4Address;
  using Bytes = std::array<std::uint8_t, 4>;
  using Number = std::uint32_t;  ///< an address as a number in host byte order
  static constexpr AddressFamily kFamily = AddressFamily::ipv4;
  static constexpr unsigned kBits = 32;

  /// 0.0.0.0
  constexpr Ipv4Address() = default;
  constexpr explicit Ipv4Address(const Bytes& bytes) : bytes_{bytes} {}
  constexpr Ipv4Address(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) : bytes_{a, b, c, d} {}
  /// 10.0.0.1 is 0x0a000001.
  static constexpr Ipv4Address from_number(Number number);
  static constexpr Ipv4Address loopback() { return {127, 0, 0, 1}; }
  static constexpr Ipv4Address broadcast() { return {255, 255, 255, 255}; }

  /// Four decimal numbers of 0..255 between dots, as inet_pton(3) takes them: no leading zeros, no short forms.
  static Result<Ipv4Address> parse(std::string_view text);
  /// `10.0.0.1`
  [[nodiscard]] std::string to_string() const;

  [[nodiscard]] constexpr const Bytes& bytes() const { return bytes_; }
  [[nodiscard]] constexpr Number number() const;

  [[nodiscard]] constexpr bool is_unspecified() const { return number() == 0; }
  /// 127.0.0.0/8 (RFC 1122)
  [[nodiscard]] constexpr bool is_loopback() const { return bytes_[0] == 127; }
  /// 169.254.0.0/16 (RFC 3927)
  [[nodiscard]] constexpr bool is_link_local() const { return bytes_[0] == 169 && bytes_[1] == 254; }
  /// 224.0.0.0/4 (RFC 5771)
  [[nodiscard]] constexpr bool is_multicast() const { return (bytes_[0] & 0xf0) == 0xe0; }
  /// 255.255.255.255
  [[nodiscard]] constexpr bool is_broadcast() const { return number() == 0xffffffff; }
  /// 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 (RFC 1918)
  [[nodiscard]] constexpr bool is_private() const;

  [[nodiscard]] constexpr std::size_t hash() const { return hash_bytes(bytes_); }
  friend constexpr auto operator<=>(const Ipv4Address&, const Ipv4Address&) = default;

 private:
  Bytes bytes_{};
};

constexpr Ipv4Address Ipv4Address::from_number(Number number) {
  const auto octet = [number](int shift) { return static_cast<std::uint8_t>(number >> shift); };
  return {octet(24), octet(16), octet(8), octet(0)};
}

constexpr Ipv4Address::Number Ipv4Address::number() const {
  Number number = 0;
  for (const std::uint8_t byte : bytes_) number = number << 8 | byte;
  return number;
}

constexpr bool Ipv4Address::is_private() const {
  return bytes_[0] == 10 || (bytes_[0] == 172 && (bytes_[1] & 0xf0) == 16) || (bytes_[0] == 192 && bytes_[1] == 168);
}

}  // namespace net
}  // namespace netrig
