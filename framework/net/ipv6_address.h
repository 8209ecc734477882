// An IPv6 address.
//
//   auto server = NETRIG_TRY(Ipv6Address::parse("fd00::1"));
//   constexpr auto kGateway = "fd00::1"_ip6;              // of <netrig/net/literals.h>
#pragma once

#include <netrig/base/result.h>
#include <netrig/net/ipv4_address.h>

#include <algorithm>
#include <optional>

namespace netrig {
inline namespace net {

/// An IPv6 address, kept in network byte order, without a zone. Orders by number.
class Ipv6Address {
 public:
  using NetValue = Ipv6Address;
  using Bytes = std::array<std::uint8_t, 16>;
  __extension__ using Number = unsigned __int128;  ///< an address as a number in host byte order
  static constexpr AddressFamily kFamily = AddressFamily::ipv6;
  static constexpr unsigned kBits = 128;

  /// ::
  constexpr Ipv6Address() = default;
  constexpr explicit Ipv6Address(const Bytes& bytes) : bytes_{bytes} {}
  static constexpr Ipv6Address from_number(Number number);
  /// ::1
  static constexpr Ipv6Address loopback() { return from_number(1); }

  /// The forms of RFC 4291 section 2.2, an embedded IPv4 address included, as inet_pton(3) takes them. No zone
  /// (`%eth0`).
  static Result<Ipv6Address> parse(std::string_view text);
  /// The one form of RFC 5952, exactly as inet_ntop(3) and ip(8) print it: `fd00::1`, `::ffff:10.0.0.1`.
  [[nodiscard]] std::string to_string() const;

  [[nodiscard]] constexpr const Bytes& bytes() const { return bytes_; }
  [[nodiscard]] constexpr Number number() const;

  [[nodiscard]] constexpr bool is_unspecified() const { return number() == 0; }
  [[nodiscard]] constexpr bool is_loopback() const { return number() == 1; }
  /// fe80::/10 (RFC 4291)
  [[nodiscard]] constexpr bool is_link_local() const { return bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80; }
  /// ff00::/8
  [[nodiscard]] constexpr bool is_multicast() const { return bytes_[0] == 0xff; }
  /// fc00::/7, unique local (RFC 4193)
  [[nodiscard]] constexpr bool is_private() const { return (bytes_[0] & 0xfe) == 0xfc; }
  /// 10.0.0.1 of ::ffff:10.0.0.1 (RFC 4291 section 2.5.5.2); of anything else, none.
  [[nodiscard]] constexpr std::optional<Ipv4Address> mapped_ipv4() const;

  [[nodiscard]] constexpr std::size_t hash() const { return hash_bytes(bytes_); }
  friend constexpr auto operator<=>(const Ipv6Address&, const Ipv6Address&) = default;

 private:
  Bytes bytes_{};
};

constexpr Ipv6Address Ipv6Address::from_number(Number number) {
  Bytes bytes{};
  for (std::size_t i = bytes.size(); i-- > 0; number >>= 8) bytes[i] = static_cast<std::uint8_t>(number);
  return Ipv6Address{bytes};
}

constexpr Ipv6Address::Number Ipv6Address::number() const {
  Number number = 0;
  for (const std::uint8_t byte : bytes_) number = number << 8 | byte;
  return number;
}

constexpr std::optional<Ipv4Address> Ipv6Address::mapped_ipv4() const {
  if (number() >> 32 != 0xffff) return std::nullopt;
  return Ipv4Address{bytes_[12], bytes_[13], bytes_[14], bytes_[15]};
}

}  // namespace net
}  // namespace netrig
