#include <netrig/net/mac_address.h>
#include <netrig/net/scan.h>
#include <netrig/net/text.h>

namespace netrig {
inline namespace net {

Result<MacAddress> MacAddress::parse(std::string_view text) {
  const auto scanned = scan::mac(text);
  if (!scanned.value) return fail(parse_error("MAC address", text, scanned.reason));
  return *scanned.value;
}

std::string MacAddress::to_string() const {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : bytes_) {
    if (!text.empty()) text += ':';
    text += {kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return text;
}

}  // namespace net
}  // namespace netrig
