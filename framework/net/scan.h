// Reading values out of text, usable at compile time: what parse() and the literals are both made of.
#pragma once

#include <netrig/net/ipv4_address.h>
#include <netrig/net/ipv6_address.h>
#include <netrig/net/mac_address.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace netrig {
inline namespace net {
namespace scan {

/// A value read from a whole text, or the reason why it is none: the end of a sentence, for an Error's detail.
template <class T>
struct Scanned {
  std::optional<T> value = {};
  std::string_view reason = {};
};

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The value of a hexadecimal digit; 16 or more for anything else.
constexpr unsigned hex_digit(char c) {
  if (is_digit(c)) return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return 16;
}

/// Decimal digits alone, no leading zero, at most `max`.
constexpr Scanned<std::uint64_t> decimal(std::string_view text, std::uint64_t max) {
  if (text.empty()) return {.reason = "a number is missing"};
  if (text.size() > 1 && text[0] == '0') return {.reason = "a number has a leading zero: leave it out"};
  std::uint64_t value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return {.reason = "a number has something other than decimal digits"};
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > max / 10 || value * 10 > max - digit) return {.reason = "a number is too great"};
    value = value * 10 + digit;
  }
  return {.value = value};
}

constexpr Scanned<Ipv4Address> ipv4(std::string_view text) {
  Ipv4Address::Bytes bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto dot = text.find('.');
    if ((dot == std::string_view::npos) != (i + 1 == bytes.size()))
      return {.reason = "it needs four numbers between dots"};
    const auto octet = decimal(text.substr(0, dot), 255);
    if (!octet.value) return {.reason = octet.reason};
    bytes[i] = static_cast<std::uint8_t>(*octet.value);
    text.remove_prefix(dot == std::string_view::npos ? text.size() : dot + 1);
  }
  return {.value = Ipv4Address{bytes}};
}

/// The groups on one side of `::`, put into `bytes` from its start. Gives how many bytes they are.
struct Groups {
  Ipv6Address::Bytes bytes{};
  std::size_t size = 0;
  std::string_view reason = {};

  constexpr bool put(std::size_t count, std::uint32_t value) {
    if (size + count > bytes.size()) reason = "it has more than eight groups";
    if (!reason.empty()) return false;
    for (std::size_t i = count; i-- > 0; ++size) bytes[size] = static_cast<std::uint8_t>(value >> (8 * i));
    return true;
  }

  constexpr bool put_group(std::string_view text) {
    if (text.empty()) reason = "a group between its colons is empty";
    if (text.size() > 4) reason = "a group has more than four digits";
    std::uint32_t value = 0;
    for (const char c : text) {
      if (hex_digit(c) > 15) reason = "it has something other than hexadecimal digits and colons";
      value = value << 4 | (hex_digit(c) & 15);
    }
    return put(2, value);
  }

  /// Of `text`, which is not empty. An IPv4 address may be the last group if `at_end`.
  constexpr bool put_all(std::string_view text, bool at_end) {
    for (;;) {
      const auto colon = text.find(':');
      const auto group = text.substr(0, colon);
      if (at_end && colon == std::string_view::npos && group.find('.') != std::string_view::npos) {
        const auto embedded = ipv4(group);
        reason = embedded.reason;
        return embedded.value && put(4, embedded.value->number());
      }
      if (!put_group(group)) return false;
      if (colon == std::string_view::npos) return true;
      text.remove_prefix(colon + 1);
    }
  }
};

constexpr Scanned<Ipv6Address> ipv6(std::string_view text) {
  if (text.find('%') != std::string_view::npos)
    return {.reason = "a zone is no part of an address: leave out the % and what follows"};
  const auto gap = text.find("::");
  Groups head;
  if (gap == std::string_view::npos) {
    if (!head.put_all(text, true)) return {.reason = head.reason};
    if (head.size != head.bytes.size()) return {.reason = "it has fewer than eight groups and no ::"};
    return {.value = Ipv6Address{head.bytes}};
  }
  Groups tail;
  const auto before = text.substr(0, gap);
  const auto after = text.substr(gap + 2);
  if (after.find("::") != std::string_view::npos) return {.reason = "it has more than one ::"};
  if (!before.empty() && !head.put_all(before, false)) return {.reason = head.reason};
  if (!after.empty() && !tail.put_all(after, true)) return {.reason = tail.reason};
  if (head.size + tail.size > head.bytes.size() - 2) return {.reason = "its :: stands for no group at all"};
  for (std::size_t i = 0; i < tail.size; ++i) head.bytes[head.bytes.size() - tail.size + i] = tail.bytes[i];
  return {.value = Ipv6Address{head.bytes}};
}

constexpr Scanned<MacAddress> mac(std::string_view text) {
  constexpr std::string_view kReason = "it needs six pairs of hexadecimal digits between colons";
  MacAddress::Bytes bytes{};
  if (text.size() != 17) return {.reason = kReason};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto high = hex_digit(text[3 * i]);
    const auto low = hex_digit(text[3 * i + 1]);
    if (high > 15 || low > 15 || (i > 0 && text[3 * i - 1] != ':')) return {.reason = kReason};
    bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return {.value = MacAddress{bytes}};
}

}  // namespace scan
}  // namespace net
}  // namespace netrig
