// What the values of this module have in common: they print, and they hash.
//
//   std::cout << Ipv4Address{10, 0, 0, 1};                 // 10.0.0.1
//   std::unordered_map<MacAddress, InterfaceName> ports;
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <ostream>
#include <string>

namespace netrig {
inline namespace net {

/// A value of this module: it prints as the usual tools print it, and says its hash.
/// `NetValue` is the mark by which a type joins.
template <class T>
concept NetValueType = requires(const T& value) {
  typename T::NetValue;
  { value.to_string() } -> std::same_as<std::string>;
  { value.hash() } -> std::same_as<std::size_t>;
};

/// Prints `value.to_string()`.
template <NetValueType T>
std::ostream& operator<<(std::ostream& out, const T& value) {
  return out << value.to_string();
}

/// FNV-1a over bytes: the hash of what is made of octets. Chain calls by handing on the last result.
template <class Bytes>
constexpr std::size_t hash_bytes(const Bytes& bytes, std::size_t seed = 14695981039346656037ULL) {
  for (const auto byte : bytes) seed = (seed ^ static_cast<std::uint8_t>(byte)) * 1099511628211ULL;
  return seed;
}

/// The same over the eight bytes of a number.
constexpr std::size_t hash_number(std::uint64_t number, std::size_t seed = 14695981039346656037ULL) {
  for (int byte = 0; byte < 8; ++byte) seed = (seed ^ (number >> (8 * byte) & 0xff)) * 1099511628211ULL;
  return seed;
}

}  // namespace net
}  // namespace netrig

template <netrig::NetValueType T>
struct std::hash<T> {
  std::size_t operator()(const T& value) const noexcept { return value.hash(); }
};
