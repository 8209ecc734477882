#include <netrig/net/interface_address.h>
#include <netrig/net/slash.h>
#include <netrig/net/text.h>

namespace netrig {
inline namespace net {

namespace {

constexpr std::string_view kWhat = "interface address";

}  // namespace

Result<InterfaceAddress> InterfaceAddress::make(const IpAddress& address, unsigned length) {
  const unsigned bits = address_bits(address.family());
  if (length > bits) {
    return fail(Error::invalid("make interface address " + address.to_string() + '/' + std::to_string(length), {},
                               "the prefix length is over " + std::to_string(bits)));
  }
  return InterfaceAddress{address, length};
}

Result<InterfaceAddress> InterfaceAddress::parse(std::string_view text) {
  const auto family = text.find(':') == std::string_view::npos ? AddressFamily::ipv4 : AddressFamily::ipv6;
  const auto parts = NETRIG_TRY(split_at_slash(kWhat, text, address_bits(family)));
  const auto address = IpAddress::parse(parts.address);
  if (!address) return fail(parse_error(kWhat, text, address.error().detail));
  return InterfaceAddress{*address, parts.length};
}

std::string InterfaceAddress::to_string() const { return address_.to_string() + '/' + std::to_string(length_); }

}  // namespace net
}  // namespace netrig
