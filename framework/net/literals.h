// Values as literals, checked by the compiler.
//
//   using namespace netrig::literals;
//   route("10.2.0.0/24"_net, "10.0.0.1"_ip);   shape("eth0"_interface, 100_mbit);
#pragma once

#include <netrig/net/interface_address.h>
#include <netrig/net/interface_name.h>
#include <netrig/net/ip_prefix.h>
#include <netrig/net/port.h>
#include <netrig/net/scan.h>
#include <netrig/net/units.h>

#include <cstddef>
#include <limits>

namespace netrig {
inline namespace net {
inline namespace literals {

namespace detail {
/// Not constexpr: a literal that gets here does not compile, and the compiler shows this name.
[[noreturn]] void this_literal_is_malformed();

template <class T>
consteval T checked(const scan::Scanned<T>& scanned) {
  if (!scanned.value) this_literal_is_malformed();
  return *scanned.value;
}

consteval IpAddress address(std::string_view text) {
  if (text.find(':') == std::string_view::npos) return checked(scan::ipv4(text));
  return checked(scan::ipv6(text));
}

consteval InterfaceAddress address_and_length(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) this_literal_is_malformed();
  const auto length = checked(scan::decimal(text.substr(slash + 1), 128));
  return {address(text.substr(0, slash)), static_cast<unsigned>(length)};
}

consteval std::uint64_t scaled(unsigned long long count, std::uint64_t unit) {
  if (count > std::numeric_limits<std::uint64_t>::max() / unit) this_literal_is_malformed();
  return count * unit;
}
}  // namespace detail

consteval Ipv4Address operator""_ip4(const char* text, std::size_t size) {
  return detail::checked(scan::ipv4({text, size}));
}
consteval Ipv6Address operator""_ip6(const char* text, std::size_t size) {
  return detail::checked(scan::ipv6({text, size}));
}
/// Of the family that the text is of.
consteval IpAddress operator""_ip(const char* text, std::size_t size) { return detail::address({text, size}); }
/// `"10.0.0.0/8"_net`
consteval IpPrefix operator""_net(const char* text, std::size_t size) {
  const auto written = detail::address_and_length({text, size});
  if (written.prefix().address() != written.address()) detail::this_literal_is_malformed();
  return written.prefix();
}
/// `"10.0.0.1/24"_ifaddr`
consteval InterfaceAddress operator""_ifaddr(const char* text, std::size_t size) {
  return detail::address_and_length({text, size});
}
consteval MacAddress operator""_mac(const char* text, std::size_t size) {
  return detail::checked(scan::mac({text, size}));
}
consteval InterfaceName operator""_interface(const char* text, std::size_t size) {
  return InterfaceName{std::string_view{text, size}};
}
consteval Port operator""_port(unsigned long long value) {
  if (value > std::numeric_limits<std::uint16_t>::max()) detail::this_literal_is_malformed();
  return Port{static_cast<std::uint16_t>(value)};
}

consteval Bandwidth operator""_bit(unsigned long long count) { return Bandwidth::bits_per_second(count); }
consteval Bandwidth operator""_kbit(unsigned long long n) {
  return Bandwidth::bits_per_second(detail::scaled(n, 1'000));
}
consteval Bandwidth operator""_mbit(unsigned long long n) {
  return Bandwidth::bits_per_second(detail::scaled(n, 1'000'000));
}
consteval Bandwidth operator""_gbit(unsigned long long n) {
  return Bandwidth::bits_per_second(detail::scaled(n, 1'000'000'000));
}

consteval ByteCount operator""_byte(unsigned long long count) { return ByteCount{count}; }
consteval ByteCount operator""_kbyte(unsigned long long n) { return ByteCount{detail::scaled(n, 1'000)}; }
consteval ByteCount operator""_mbyte(unsigned long long n) { return ByteCount{detail::scaled(n, 1'000'000)}; }
consteval ByteCount operator""_gbyte(unsigned long long n) { return ByteCount{detail::scaled(n, 1'000'000'000)}; }

}  // namespace literals
}  // namespace net
}  // namespace netrig
