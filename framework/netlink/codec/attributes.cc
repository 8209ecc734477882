#include <netrig/netlink/codec/attributes.h>

#include <algorithm>
#include <sys/socket.h>

namespace netrig::netlink::codec {
namespace {

template <class T>
std::optional<T> read_integer(const nlattr* attribute) {
  if (attribute == nullptr || nla_len(attribute) < static_cast<int>(sizeof(T))) return std::nullopt;
  T value;
  std::memcpy(&value, nla_data(attribute), sizeof value);
  return value;
}

}  // namespace

std::optional<std::uint8_t> read_u8(const nlattr* attribute) { return read_integer<std::uint8_t>(attribute); }
std::optional<std::uint16_t> read_u16(const nlattr* attribute) { return read_integer<std::uint16_t>(attribute); }
std::optional<std::uint32_t> read_u32(const nlattr* attribute) { return read_integer<std::uint32_t>(attribute); }

std::span<const std::uint8_t> read_bytes(const nlattr* attribute) {
  if (attribute == nullptr) return {};
  return {static_cast<const std::uint8_t*>(nla_data(attribute)), static_cast<std::size_t>(nla_len(attribute))};
}

std::string read_text(const nlattr* attribute) {
  const auto bytes = read_bytes(attribute);
  return {bytes.begin(), std::ranges::find(bytes, std::uint8_t{0})};
}

std::optional<MacAddress> read_mac(const nlattr* attribute) {
  const auto bytes = read_bytes(attribute);
  MacAddress::Bytes octets;
  if (bytes.size() != octets.size()) return std::nullopt;
  std::ranges::copy(bytes, octets.begin());
  return MacAddress{octets};
}

std::optional<IpAddress> read_ip(int family, const nlattr* attribute) {
  const auto address = IpAddress::from_bytes(read_bytes(attribute));
  return address && family_of(*address) == family ? address : std::nullopt;
}

std::optional<IpPrefix> read_prefix(int family, const nlattr* attribute, std::uint8_t length) {
  const auto zero = IpAddress::any(family == AF_INET ? AddressFamily::ipv4 : AddressFamily::ipv6);
  const auto address = attribute == nullptr ? zero : read_ip(family, attribute);
  if (!address || length > address_bits(address->family())) return std::nullopt;
  return IpPrefix::holding(*address, length);
}

std::uint8_t family_of(const IpAddress& address) { return address.is_v4() ? AF_INET : AF_INET6; }

}  // namespace netrig::netlink::codec
