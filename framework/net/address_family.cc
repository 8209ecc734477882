#include <netrig/net/address_family.h>
#include <netrig/net/text.h>

#include <ostream>
#include <sys/socket.h>

namespace netrig {
inline namespace net {

int socket_domain(AddressFamily family) { return family == AddressFamily::ipv4 ? AF_INET : AF_INET6; }

std::string to_string(AddressFamily family) { return family == AddressFamily::ipv4 ? "ipv4" : "ipv6"; }

Result<AddressFamily> parse_address_family(std::string_view text) {
  if (text == "ipv4" || text == "inet" || text == "4") return AddressFamily::ipv4;
  if (text == "ipv6" || text == "inet6" || text == "6") return AddressFamily::ipv6;
  return fail(parse_error("address family", text, "it is either ipv4 or ipv6"));
}

std::ostream& operator<<(std::ostream& out, AddressFamily family) { return out << to_string(family); }

}  // namespace net
}  // namespace netrig
