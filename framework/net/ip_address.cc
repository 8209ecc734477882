#include <netrig/net/ip_address.h>
#include <netrig/net/text.h>

#include <algorithm>

namespace netrig {
inline namespace net {

namespace {

template <class Address>
Address address_of(std::span<const std::uint8_t> bytes) {
  typename Address::Bytes own{};
  std::ranges::copy(bytes, own.begin());
  return Address{own};
}

}  // namespace

std::optional<IpAddress> IpAddress::from_bytes(std::span<const std::uint8_t> bytes) {
  if (bytes.size() == sizeof(Ipv4Address::Bytes)) return address_of<Ipv4Address>(bytes);
  if (bytes.size() == sizeof(Ipv6Address::Bytes)) return address_of<Ipv6Address>(bytes);
  return std::nullopt;
}

Result<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.find(':') != std::string_view::npos) return NETRIG_TRY(Ipv6Address::parse(text));
  if (text.find('.') != std::string_view::npos) return NETRIG_TRY(Ipv4Address::parse(text));
  return fail(parse_error("IP address", text, "it is neither like 10.0.0.1 nor like fd00::1"));
}

std::string IpAddress::to_string() const { return is_v4() ? v4().to_string() : v6().to_string(); }

}  // namespace net
}  // namespace netrig
