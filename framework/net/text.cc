#include <netrig/net/text.h>

namespace netrig {
inline namespace net {

namespace {

constexpr std::size_t kShown = 64;

void append_escaped(std::string& out, char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  if (c == '"' || c == '\\') {
    out += {'\\', c};
  } else if (c == '\n') {
    out += "\\n";
  } else if (c == '\t') {
    out += "\\t";
  } else if (byte < 0x20 || byte > 0x7e) {
    out += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
  } else {
    out += c;
  }
}

}  // namespace

std::string quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text.substr(0, kShown)) append_escaped(out, c);
  out += '"';
  if (text.size() > kShown) out += "... (" + std::to_string(text.size()) + " bytes)";
  return out;
}

Error parse_error(std::string_view what, std::string_view text, std::string_view reason) {
  return Error::invalid("parse " + std::string{what} + ' ' + quote(text), {}, std::string{reason});
}

}  // namespace net
}  // namespace netrig
