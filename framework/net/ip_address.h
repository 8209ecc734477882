// An address of either family.
//
//   auto server = NETRIG_TRY(IpAddress::parse(text));
//   if (server.is_v4()) connect(server.v4());
#pragma once

#include <netrig/net/ipv4_address.h>
#include <netrig/net/ipv6_address.h>

#include <span>
#include <variant>

namespace netrig {
inline namespace net {

/// An IPv4 or IPv6 address. All IPv4 addresses order before all IPv6 addresses.
class IpAddress {
 public:
  using NetValue = IpAddress;

  /// 0.0.0.0
  constexpr IpAddress() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): each is an address
  constexpr IpAddress(const Ipv4Address& address) : address_{address} {}
  // NOLINTNEXTLINE(google-explicit-constructor): each is an address
  constexpr IpAddress(const Ipv6Address& address) : address_{address} {}
  /// Of 4 or 16 bytes in network byte order; of another number of them, none.
  static std::optional<IpAddress> from_bytes(std::span<const std::uint8_t> bytes);
  /// 0.0.0.0 or ::
  static constexpr IpAddress any(AddressFamily family);
  /// 127.0.0.1 or ::1
  static constexpr IpAddress loopback(AddressFamily family);

  /// What Ipv4Address::parse() or Ipv6Address::parse() takes; with a colon in it, it is taken for IPv6.
  static Result<IpAddress> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;

  [[nodiscard]] constexpr AddressFamily family() const { return is_v4() ? AddressFamily::ipv4 : AddressFamily::ipv6; }
  [[nodiscard]] constexpr bool is_v4() const { return std::holds_alternative<Ipv4Address>(address_); }
  [[nodiscard]] constexpr bool is_v6() const { return !is_v4(); }
  /// Precondition: is_v4(). Otherwise throws std::bad_variant_access: a mistake of the caller's.
  [[nodiscard]] constexpr const Ipv4Address& v4() const { return std::get<Ipv4Address>(address_); }
  /// Precondition: is_v6(), likewise.
  [[nodiscard]] constexpr const Ipv6Address& v6() const { return std::get<Ipv6Address>(address_); }
  /// In network byte order, 4 or 16. Valid as long as this object.
  [[nodiscard]] constexpr std::span<const std::uint8_t> bytes() const&;
  std::span<const std::uint8_t> bytes() const&& = delete;

  [[nodiscard]] constexpr bool is_unspecified() const {
    return is_v4() ? v4().is_unspecified() : v6().is_unspecified();
  }
  [[nodiscard]] constexpr bool is_loopback() const { return is_v4() ? v4().is_loopback() : v6().is_loopback(); }
  [[nodiscard]] constexpr bool is_link_local() const { return is_v4() ? v4().is_link_local() : v6().is_link_local(); }
  [[nodiscard]] constexpr bool is_multicast() const { return is_v4() ? v4().is_multicast() : v6().is_multicast(); }
  [[nodiscard]] constexpr bool is_private() const { return is_v4() ? v4().is_private() : v6().is_private(); }

  [[nodiscard]] constexpr std::size_t hash() const { return is_v4() ? v4().hash() : v6().hash(); }
  friend constexpr auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  std::variant<Ipv4Address, Ipv6Address> address_;
};

constexpr IpAddress IpAddress::any(AddressFamily family) {
  return family == AddressFamily::ipv4 ? IpAddress{Ipv4Address{}} : IpAddress{Ipv6Address{}};
}

constexpr IpAddress IpAddress::loopback(AddressFamily family) {
  return family == AddressFamily::ipv4 ? IpAddress{Ipv4Address::loopback()} : IpAddress{Ipv6Address::loopback()};
}

constexpr std::span<const std::uint8_t> IpAddress::bytes() const& {
  if (is_v4()) return v4().bytes();
  return v6().bytes();
}

}  // namespace net
}  // namespace netrig
