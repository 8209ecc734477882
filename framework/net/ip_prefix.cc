#include <netrig/net/ip_prefix.h>
#include <netrig/net/text.h>

namespace netrig {
inline namespace net {

Result<IpPrefix> IpPrefix::make(const IpAddress& address, unsigned length) {
  if (address.is_v4()) return NETRIG_TRY(Ipv4Prefix::make(address.v4(), length));
  return NETRIG_TRY(Ipv6Prefix::make(address.v6(), length));
}

Result<IpPrefix> IpPrefix::parse(std::string_view text) {
  if (text.find(':') != std::string_view::npos) return NETRIG_TRY(Ipv6Prefix::parse(text));
  if (text.find('.') != std::string_view::npos) return NETRIG_TRY(Ipv4Prefix::parse(text));
  return fail(parse_error("IP prefix", text, "it is neither like 10.0.0.0/8 nor like fd00::/8"));
}

std::string IpPrefix::to_string() const { return is_v4() ? v4().to_string() : v6().to_string(); }

Result<IpAddress> IpPrefix::host(std::uint64_t number) const {
  if (is_v4()) return NETRIG_TRY(v4().host(number));
  return NETRIG_TRY(v6().host(number));
}

Result<IpPrefix> IpPrefix::subnet(unsigned new_length, std::uint64_t index) const {
  if (is_v4()) return NETRIG_TRY(v4().subnet(new_length, index));
  return NETRIG_TRY(v6().subnet(new_length, index));
}

}  // namespace net
}  // namespace netrig
