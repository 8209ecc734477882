// An address as an interface has it: with the length of its network's prefix.
//
//   auto own = NETRIG_TRY(InterfaceAddress::parse("10.0.0.1/24"));
//   own.address();    // 10.0.0.1
//   own.prefix();     // 10.0.0.0/24
#pragma once

#include <netrig/net/ip_address.h>
#include <netrig/net/ip_prefix.h>

namespace netrig {
inline namespace net {

/// An address and a prefix length. Orders by address, then by length.
class InterfaceAddress {
 public:
  using NetValue = InterfaceAddress;

  /// 0.0.0.0/0
  constexpr InterfaceAddress() = default;
  /// Throws SetupError for a length over 32 or 128 (in a constant expression: does not compile).
  constexpr InterfaceAddress(const IpAddress& address, unsigned length)
      : address_{address}, length_{IpPrefix::holding(address, length).length()} {}
  /// The same, with an error for an impossible length.
  static Result<InterfaceAddress> make(const IpAddress& address, unsigned length);
  /// `ADDRESS/LENGTH`; without a length it is an error.
  static Result<InterfaceAddress> parse(std::string_view text);
  /// `10.0.0.1/24`, as ip-address(8) prints it.
  [[nodiscard]] std::string to_string() const;

  [[nodiscard]] constexpr const IpAddress& address() const { return address_; }
  [[nodiscard]] constexpr unsigned length() const { return length_; }
  [[nodiscard]] constexpr AddressFamily family() const { return address_.family(); }
  /// The network it is in.
  [[nodiscard]] constexpr IpPrefix prefix() const { return IpPrefix::holding(address_, length_); }

  [[nodiscard]] constexpr std::size_t hash() const { return hash_number(length_, address_.hash()); }
  friend constexpr auto operator<=>(const InterfaceAddress&, const InterfaceAddress&) = default;

 private:
  IpAddress address_;
  unsigned length_ = 0;
};

}  // namespace net
}  // namespace netrig
