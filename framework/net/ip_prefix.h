// A network of either family.
//
//   for (const auto& lan : {NETRIG_TRY(IpPrefix::parse("10.2.0.0/24")), NETRIG_TRY(IpPrefix::parse("fd02::/64"))}) ...
#pragma once

#include <netrig/net/ip_address.h>
#include <netrig/net/prefix.h>

namespace netrig {
inline namespace net {

/// An IPv4 or IPv6 network; see Prefix for what the functions give. What is asked of it about the other family is
/// false.
class IpPrefix {
 public:
  using NetValue = IpPrefix;

  /// 0.0.0.0/0
  constexpr IpPrefix() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): each is a prefix
  constexpr IpPrefix(const Ipv4Prefix& prefix) : prefix_{prefix} {}
  // NOLINTNEXTLINE(google-explicit-constructor): each is a prefix
  constexpr IpPrefix(const Ipv6Prefix& prefix) : prefix_{prefix} {}
  /// `length` bits of `address`; the others must be zero. The error names the prefix that was meant.
  static Result<IpPrefix> make(const IpAddress& address, unsigned length);
  /// The network of that length which holds `address`. Throws SetupError for an impossible length.
  static constexpr IpPrefix holding(const IpAddress& address, unsigned length);
  /// The prefix of that one address: /32 or /128.
  static constexpr IpPrefix single(const IpAddress& address);
  /// 0.0.0.0/0 or ::/0
  static constexpr IpPrefix any(AddressFamily family);
  /// `10.0.0.0/8` or `fd00::/8`
  static Result<IpPrefix> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;

  [[nodiscard]] constexpr AddressFamily family() const { return is_v4() ? AddressFamily::ipv4 : AddressFamily::ipv6; }
  [[nodiscard]] constexpr bool is_v4() const { return std::holds_alternative<Ipv4Prefix>(prefix_); }
  [[nodiscard]] constexpr bool is_v6() const { return !is_v4(); }
  /// Precondition: is_v4(). Otherwise throws std::bad_variant_access: a mistake of the caller's.
  [[nodiscard]] constexpr const Ipv4Prefix& v4() const { return std::get<Ipv4Prefix>(prefix_); }
  /// Precondition: is_v6(), likewise.
  [[nodiscard]] constexpr const Ipv6Prefix& v6() const { return std::get<Ipv6Prefix>(prefix_); }

  [[nodiscard]] constexpr IpAddress address() const;
  [[nodiscard]] constexpr unsigned length() const { return is_v4() ? v4().length() : v6().length(); }
  [[nodiscard]] constexpr IpAddress netmask() const;
  [[nodiscard]] constexpr IpAddress last_address() const;
  [[nodiscard]] constexpr bool contains(const IpAddress& address) const;
  [[nodiscard]] constexpr bool contains(const IpPrefix& other) const;
  [[nodiscard]] constexpr bool overlaps(const IpPrefix& other) const;
  [[nodiscard]] constexpr std::uint64_t size() const { return is_v4() ? v4().size() : v6().size(); }
  [[nodiscard]] constexpr std::uint64_t first_host() const { return is_v4() ? v4().first_host() : v6().first_host(); }
  [[nodiscard]] constexpr std::uint64_t last_host() const { return is_v4() ? v4().last_host() : v6().last_host(); }
  [[nodiscard]] Result<IpAddress> host(std::uint64_t number) const;
  [[nodiscard]] Result<IpPrefix> subnet(unsigned new_length, std::uint64_t index) const;
  [[nodiscard]] constexpr std::uint64_t subnet_count(unsigned new_length) const;

  [[nodiscard]] constexpr std::size_t hash() const { return is_v4() ? v4().hash() : v6().hash(); }
  friend constexpr auto operator<=>(const IpPrefix&, const IpPrefix&) = default;

 private:
  std::variant<Ipv4Prefix, Ipv6Prefix> prefix_;
};

constexpr IpPrefix IpPrefix::holding(const IpAddress& address, unsigned length) {
  if (address.is_v4()) return Ipv4Prefix::holding(address.v4(), length);
  return Ipv6Prefix::holding(address.v6(), length);
}

constexpr IpPrefix IpPrefix::single(const IpAddress& address) {
  return holding(address, address_bits(address.family()));
}

constexpr IpPrefix IpPrefix::any(AddressFamily family) { return holding(IpAddress::any(family), 0); }

constexpr IpAddress IpPrefix::address() const {
  return is_v4() ? IpAddress{v4().address()} : IpAddress{v6().address()};
}

constexpr IpAddress IpPrefix::netmask() const {
  return is_v4() ? IpAddress{v4().netmask()} : IpAddress{v6().netmask()};
}

constexpr IpAddress IpPrefix::last_address() const {
  return is_v4() ? IpAddress{v4().last_address()} : IpAddress{v6().last_address()};
}

constexpr bool IpPrefix::contains(const IpAddress& address) const {
  if (family() != address.family()) return false;
  return is_v4() ? v4().contains(address.v4()) : v6().contains(address.v6());
}

constexpr bool IpPrefix::contains(const IpPrefix& other) const {
  if (family() != other.family()) return false;
  return is_v4() ? v4().contains(other.v4()) : v6().contains(other.v6());
}

constexpr bool IpPrefix::overlaps(const IpPrefix& other) const { return contains(other) || other.contains(*this); }

constexpr std::uint64_t IpPrefix::subnet_count(unsigned new_length) const {
  return is_v4() ? v4().subnet_count(new_length) : v6().subnet_count(new_length);
}

}  // namespace net
}  // namespace netrig
