#include <netrig/net/interface_name.h>
#include <netrig/net/text.h>

namespace netrig {
inline namespace net {

Result<InterfaceName> InterfaceName::parse(std::string_view text) {
  if (const auto why = why_no_interface_name(text); !why.empty()) return fail(parse_error("interface name", text, why));
  return InterfaceName{text};
}

}  // namespace net
}  // namespace netrig
