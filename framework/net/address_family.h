// IPv4 or IPv6.
#pragma once

#include <netrig/base/result.h>

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>

namespace netrig {
inline namespace net {

enum class AddressFamily : std::uint8_t { ipv4, ipv6 };

/// Both, for what is to be done once for each.
inline constexpr AddressFamily kAddressFamilies[] = {AddressFamily::ipv4, AddressFamily::ipv6};

/// AF_INET or AF_INET6 (address_families(7)).
int socket_domain(AddressFamily family);
/// Bits of an address: 32 or 128.
constexpr unsigned address_bits(AddressFamily family) { return family == AddressFamily::ipv4 ? 32 : 128; }

/// `ipv4` or `ipv6`, as names in the style of sysctls.
std::string to_string(AddressFamily family);
/// `ipv4`, `inet`, `4`, `ipv6`, `inet6` or `6`: what sysctls and ip(8) call them.
Result<AddressFamily> parse_address_family(std::string_view text);
std::ostream& operator<<(std::ostream& out, AddressFamily family);

}  // namespace net
}  // namespace netrig
