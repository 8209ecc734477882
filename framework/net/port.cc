#include <netrig/net/port.h>
#include <netrig/net/scan.h>
#include <netrig/net/text.h>

namespace netrig {
inline namespace net {

Result<Port> Port::parse(std::string_view text) {
  const auto number = scan::decimal(text, 65535);
  if (!number.value)
    return fail(parse_error("port", text, "it has to be a number of 0 to 65535, without leading zeros"));
  return Port{static_cast<std::uint16_t>(*number.value)};
}

Result<PortRange> PortRange::parse(std::string_view text) {
  const auto dash = text.find('-');
  const auto first = Port::parse(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : Port::parse(text.substr(dash + 1));
  if (!first || !last) return fail(parse_error("ports", text, "they are like 80 or 8000-8080, up to 65535"));
  if (*last < *first) return fail(parse_error("ports", text, "the lower one comes first"));
  return PortRange{*first, *last};
}

std::string PortRange::to_string() const {
  return first == last ? first.to_string() : first.to_string() + '-' + last.to_string();
}

}  // namespace net
}  // namespace netrig
