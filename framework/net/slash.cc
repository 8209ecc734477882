#include <netrig/net/scan.h>
#include <netrig/net/slash.h>
#include <netrig/net/text.h>

namespace netrig {
inline namespace net {

Result<Slashed> split_at_slash(std::string_view what, std::string_view text, unsigned max) {
  const auto limit = std::to_string(max);
  const auto slash = text.find('/');
  if (slash == std::string_view::npos)
    return fail(parse_error(what, text, "say the prefix length too, as in .../" + limit));
  const auto length = scan::decimal(text.substr(slash + 1), max);
  if (!length.value) return fail(parse_error(what, text, "the prefix length has to be one of 0 to " + limit));
  return Slashed{text.substr(0, slash), static_cast<unsigned>(*length.value)};
}

}  // namespace net
}  // namespace netrig
