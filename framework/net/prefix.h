// A network: an address whose host bits are zero, and the number of bits that are its own.
//
//   auto lan = NETRIG_TRY(Ipv4Prefix::parse("10.2.0.0/24"));
//   lan.host(7);            // 10.2.0.7
//   lan.subnet(26, 3);      // 10.2.0.192/26
#pragma once

#include <netrig/net/ipv4_address.h>
#include <netrig/net/ipv6_address.h>

#include <cstdint>
#include <limits>

namespace netrig {
inline namespace net {

/// A network of `Address`es. A prefix with host bits set cannot exist. Orders by address, then shorter before longer.
template <class Address>
class Prefix {
 public:
  using NetValue = Prefix;
  using Number = typename Address::Number;

  /// 0.0.0.0/0 or ::/0, which hold every address.
  constexpr Prefix() = default;
  /// `length` 0..32 or 0..128 bits of `address`; the others must be zero. The error names the prefix that was meant.
  static Result<Prefix> make(const Address& address, unsigned length);
  /// The network of that length which holds `address`, by clearing its host bits. Throws SetupError for a length over
  /// Address::kBits (in a constant expression: does not compile).
  static constexpr Prefix holding(const Address& address, unsigned length);
  /// `ADDRESS/LENGTH`, e.g. `10.0.0.0/8`. Without a length, or with host bits set, it is an error.
  static Result<Prefix> parse(std::string_view text);
  /// `10.0.0.0/8`
  [[nodiscard]] std::string to_string() const;

  [[nodiscard]] constexpr const Address& address() const { return address_; }
  [[nodiscard]] constexpr unsigned length() const { return length_; }
  [[nodiscard]] static constexpr AddressFamily family() { return Address::kFamily; }
  /// 255.255.255.0 of a /24.
  [[nodiscard]] constexpr Address netmask() const { return Address::from_number(mask(length_)); }
  /// The highest address; in IPv4 the network's broadcast address, for lengths up to 30.
  [[nodiscard]] constexpr Address last_address() const {
    return Address::from_number(address_.number() | ~mask(length_));
  }
  [[nodiscard]] constexpr bool contains(const Address& address) const;
  /// Whether every address of `other` is in this prefix.
  [[nodiscard]] constexpr bool contains(const Prefix& other) const;
  /// Whether some address is in both.
  [[nodiscard]] constexpr bool overlaps(const Prefix& other) const;
  /// How many addresses it has; 2^64 and more are given as 2^64 - 1.
  [[nodiscard]] constexpr std::uint64_t size() const;

  /// The lowest number that host() takes. 1, because 0 is the network itself (IPv4) or its routers' anycast address
  /// (IPv6, RFC 4291 section 2.6.1); 0 in prefixes of one or two addresses, which have neither (RFC 3021, RFC 6164).
  [[nodiscard]] constexpr std::uint64_t first_host() const { return Address::kBits - length_ <= 1 ? 0 : 1; }
  /// The highest number that host() takes: short of IPv4's broadcast address, and at most 2^64 - 1.
  [[nodiscard]] constexpr std::uint64_t last_host() const;
  /// Host number `number`: the prefix's address plus that. An error for a number outside first_host()..last_host().
  [[nodiscard]] Result<Address> host(std::uint64_t number) const;
  /// Number `index`, counted from 0, of the networks of `new_length` bits that this one divides into. An error for a
  /// shorter or impossible length, and for an index with no such network.
  [[nodiscard]] Result<Prefix> subnet(unsigned new_length, std::uint64_t index) const;
  /// How many of them there are; as size(). 0 for a shorter or impossible length.
  [[nodiscard]] constexpr std::uint64_t subnet_count(unsigned new_length) const;

  [[nodiscard]] constexpr std::size_t hash() const { return hash_number(length_, address_.hash()); }
  friend constexpr auto operator<=>(const Prefix&, const Prefix&) = default;

 private:
  constexpr Prefix(const Address& address, unsigned length) : address_{address}, length_{length} {}
  static constexpr Number mask(unsigned length);
  static constexpr std::uint64_t power_of_two(unsigned exponent);

  Address address_;
  unsigned length_ = 0;
};

using Ipv4Prefix = Prefix<Ipv4Address>;
using Ipv6Prefix = Prefix<Ipv6Address>;

template <class Address>
constexpr Prefix<Address> Prefix<Address>::holding(const Address& address, unsigned length) {
  if (length > Address::kBits) {
    throw SetupError{Error::invalid("find the network of an address", {}, "the prefix length is too great")};
  }
  return Prefix{Address::from_number(address.number() & mask(length)), length};
}

template <class Address>
constexpr bool Prefix<Address>::contains(const Address& address) const {
  return (address.number() & mask(length_)) == address_.number();
}

template <class Address>
constexpr bool Prefix<Address>::contains(const Prefix& other) const {
  return length_ <= other.length_ && contains(other.address_);
}

template <class Address>
constexpr bool Prefix<Address>::overlaps(const Prefix& other) const {
  return contains(other) || other.contains(*this);
}

template <class Address>
constexpr std::uint64_t Prefix<Address>::size() const {
  return power_of_two(Address::kBits - length_);
}

template <class Address>
constexpr std::uint64_t Prefix<Address>::last_host() const {
  const std::uint64_t last = Address::kBits - length_ >= 64 ? std::numeric_limits<std::uint64_t>::max() : size() - 1;
  return Address::kFamily == AddressFamily::ipv4 && length_ <= 30 ? last - 1 : last;
}

template <class Address>
constexpr std::uint64_t Prefix<Address>::subnet_count(unsigned new_length) const {
  return new_length < length_ || new_length > Address::kBits ? 0 : power_of_two(new_length - length_);
}

template <class Address>
constexpr typename Address::Number Prefix<Address>::mask(unsigned length) {
  return length == 0 ? Number{0} : static_cast<Number>(~Number{0} << (Address::kBits - length));
}

template <class Address>
constexpr std::uint64_t Prefix<Address>::power_of_two(unsigned exponent) {
  return exponent >= 64 ? std::numeric_limits<std::uint64_t>::max() : std::uint64_t{1} << exponent;
}

extern template class Prefix<Ipv4Address>;
extern template class Prefix<Ipv6Address>;

}  // namespace net
}  // namespace netrig
