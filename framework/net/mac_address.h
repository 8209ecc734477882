// An Ethernet address.
//
//   auto mac = NETRIG_TRY(MacAddress::parse("02:6e:00:00:00:07"));
//   auto same = MacAddress::local(7);
#pragma once

#include <netrig/base/result.h>
#include <netrig/net/ipv6_address.h>
#include <netrig/net/value.h>

#include <array>
#include <compare>
#include <string_view>

namespace netrig {
inline namespace net {

/// A 48-bit MAC address (IEEE 802).
class MacAddress {
 public:
  using NetValue = MacAddress;
  using Bytes = std::array<std::uint8_t, 6>;

  /// 00:00:00:00:00:00
  constexpr MacAddress() = default;
  constexpr explicit MacAddress(const Bytes& bytes) : bytes_{bytes} {}
  constexpr MacAddress(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d, std::uint8_t e, std::uint8_t f)
      : bytes_{a, b, c, d, e, f} {}
  /// ff:ff:ff:ff:ff:ff
  static constexpr MacAddress broadcast() { return {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}; }
  /// A unicast address that nobody's hardware has: `02`, an octet that follows from `seed`, then `number`. The same
  /// arguments give the same address; different numbers of one seed give different ones.
  static constexpr MacAddress local(std::uint32_t number, std::uint64_t seed = 0);

  /// Six pairs of hexadecimal digits, of either case, between colons.
  static Result<MacAddress> parse(std::string_view text);
  /// `02:6e:00:00:00:07`, as ip-link(8) prints it.
  [[nodiscard]] std::string to_string() const;

  [[nodiscard]] constexpr const Bytes& bytes() const { return bytes_; }
  /// Sent to a group, the broadcast address included.
  [[nodiscard]] constexpr bool is_multicast() const { return (bytes_[0] & 1) != 0; }
  [[nodiscard]] constexpr bool is_broadcast() const { return *this == broadcast(); }
  /// Given by an administrator, not by a maker.
  [[nodiscard]] constexpr bool is_local() const { return (bytes_[0] & 2) != 0; }
  [[nodiscard]] constexpr bool is_zero() const { return *this == MacAddress{}; }
  /// The link-local address that the kernel forms from it: fe80::/64 with the modified EUI-64 identifier (RFC 4291
  /// appendix A).
  [[nodiscard]] constexpr Ipv6Address link_local() const;

  [[nodiscard]] constexpr std::size_t hash() const { return hash_bytes(bytes_); }
  friend constexpr auto operator<=>(const MacAddress&, const MacAddress&) = default;

 private:
  Bytes bytes_{};
};

constexpr MacAddress MacAddress::local(std::uint32_t number, std::uint64_t seed) {
  const auto octet = [number](int shift) { return static_cast<std::uint8_t>(number >> shift); };
  const auto mixed = static_cast<std::uint8_t>(seed == 0 ? 0x6e : hash_number(seed) >> 56);
  return {0x02, mixed, octet(24), octet(16), octet(8), octet(0)};
}

constexpr Ipv6Address MacAddress::link_local() const {
  const auto first = static_cast<std::uint8_t>(bytes_[0] ^ 2);
  return Ipv6Address{Ipv6Address::Bytes{0xfe, 0x80, 0, 0, 0, 0, 0, 0, first, bytes_[1], bytes_[2], 0xff, 0xfe,
                                        bytes_[3], bytes_[4], bytes_[5]}};
}

}  // namespace net
}  // namespace netrig
