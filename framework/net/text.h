// Showing text that may be anything, in errors.
#pragma once

#include <netrig/base/result.h>

#include <string>
#include <string_view>

namespace netrig {
inline namespace net {

/// `text` between quotation marks, printable on one line: other bytes than those of printable ASCII, and `"` and `\`,
/// are escaped as in C (`\x1b`, `\n`, `\"`). Of over 64 bytes the beginning is shown, and how many there are.
std::string quote(std::string_view text);

/// The error of a parser: `parse IPv4 address "10.0.0.300": a number is too great`.
Error parse_error(std::string_view what, std::string_view text, std::string_view reason);

}  // namespace net
}  // namespace netrig
