// Reading the attributes of a netlink message, with libnl's checked parser.
//
//   Attributes<IFLA_MAX> attributes{message, sizeof(ifinfomsg)};
//   link.mtu = attributes.u32(IFLA_MTU).value_or(0);
//   Attributes<IFLA_INFO_MAX> info{attributes[IFLA_LINKINFO]};
#pragma once

#include <netrig/net/ip_address.h>
#include <netrig/net/ip_prefix.h>
#include <netrig/net/mac_address.h>

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>

namespace netrig::netlink::codec {

/// The content of one attribute, checked for its length: nullopt where it is missing or too short.
std::optional<std::uint8_t> read_u8(const nlattr* attribute);
std::optional<std::uint16_t> read_u16(const nlattr* attribute);
std::optional<std::uint32_t> read_u32(const nlattr* attribute);
/// Text up to the first zero; empty where there is none.
std::string read_text(const nlattr* attribute);
std::span<const std::uint8_t> read_bytes(const nlattr* attribute);
/// nullopt unless there are exactly six bytes.
std::optional<MacAddress> read_mac(const nlattr* attribute);
/// nullopt unless there are exactly as many bytes as an address of `family` (AF_INET, AF_INET6) has.
std::optional<IpAddress> read_ip(int family, const nlattr* attribute);
/// The network that holds it: the zero address where the attribute is missing. nullopt for an impossible length.
std::optional<IpPrefix> read_prefix(int family, const nlattr* attribute, std::uint8_t length);
/// AF_INET or AF_INET6.
std::uint8_t family_of(const IpAddress& address);

/// A structure from the front of the bytes; zeros where they are too few.
template <class T>
T read_struct(const nlattr* attribute) {
  T value{};
  const auto bytes = read_bytes(attribute);
  if (!bytes.empty()) std::memcpy(&value, bytes.data(), bytes.size() < sizeof value ? bytes.size() : sizeof value);
  return value;
}

/// The attributes numbered 1 to kMax of a message or a nest. Unknown ones are left out.
template <int kMax>
class Attributes {
 public:
  /// Those of `message` that follow its fixed header of `header_size` bytes.
  Attributes(const nlmsghdr* message, std::size_t header_size)
      : valid_{nlmsg_parse(const_cast<nlmsghdr*>(message), static_cast<int>(header_size), table_, kMax, nullptr) >= 0} {
  }
  /// Those in a nest; none when it is missing.
  explicit Attributes(const nlattr* nest)
      : valid_{nest == nullptr || nla_parse_nested(table_, kMax, const_cast<nlattr*>(nest), nullptr) >= 0} {}

  /// False: the message is shorter than its own lengths say.
  [[nodiscard]] bool valid() const { return valid_; }
  /// nullptr where it is missing.
  const nlattr* operator[](int type) const { return table_[type]; }
  [[nodiscard]] bool has(int type) const { return table_[type] != nullptr; }
  [[nodiscard]] std::optional<std::uint8_t> u8(int type) const { return read_u8(table_[type]); }
  [[nodiscard]] std::optional<std::uint16_t> u16(int type) const { return read_u16(table_[type]); }
  [[nodiscard]] std::optional<std::uint32_t> u32(int type) const { return read_u32(table_[type]); }
  [[nodiscard]] std::string text(int type) const { return read_text(table_[type]); }

 private:
  nlattr* table_[kMax + 1] = {};
  bool valid_;
};

/// Calls `visit(const nlattr*)` for each whole attribute in a nest, in order. For lists, where a type may come more
/// than once.
template <class Visit>
void visit_nest(const nlattr* nest, Visit visit) {
  if (nest == nullptr) return;
  int rest = nla_len(nest);
  for (auto* entry = static_cast<nlattr*>(nla_data(nest)); nla_ok(entry, rest) != 0; entry = nla_next(entry, &rest)) {
    visit(entry);
  }
}

/// The fixed header of a message: zeros where it is too short.
template <class T>
T read_header(const nlmsghdr* message) {
  T header{};
  const std::size_t length = message->nlmsg_len < NLMSG_HDRLEN ? 0 : message->nlmsg_len - NLMSG_HDRLEN;
  std::memcpy(&header, reinterpret_cast<const std::byte*>(message) + NLMSG_HDRLEN,
              length < sizeof header ? length : sizeof header);
  return header;
}

}  // namespace netrig::netlink::codec
