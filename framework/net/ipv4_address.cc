#include <netrig/net/ipv4_address.h>
#include <netrig/net/scan.h>
#include <netrig/net/text.h>

namespace netrig {
inline namespace net {

Result<Ipv4Address> Ipv4Address::parse(std::string_view text) {
  const auto scanned = scan::ipv4(text);
  if (!scanned.value) return fail(parse_error("IPv4 address", text, scanned.reason));
  return *scanned.value;
}

std::string Ipv4Address::to_string() const {
  std::string text;
  for (const std::uint8_t byte : bytes_) text += (text.empty() ? "" : ".") + std::to_string(byte);
  return text;
}

}  // namespace net
}  // namespace netrig
