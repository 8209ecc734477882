// The name of a network interface.
//
//   auto name = NETRIG_TRY(InterfaceName::parse(text));
//   constexpr InterfaceName kUplink{"eth0"};
#pragma once

#include <netrig/base/result.h>
#include <netrig/net/value.h>

#include <array>
#include <compare>
#include <string_view>

namespace netrig {
inline namespace net {

/// Why `text` is no name that an interface can have, as the end of a sentence; empty when it is one. 1 to 15 bytes,
/// none of them `/`, `:` or white space, not `.` or `..` (dev_valid_name() in the kernel's net/core/dev.c); no `%`,
/// which asks the kernel for a number; not `all` or `default`, which are folders of sysctls (devinet.c refuses them).
constexpr std::string_view why_no_interface_name(std::string_view text);

/// A name that the kernel takes for an interface, or no name. Orders by bytes.
class InterfaceName {
 public:
  using NetValue = InterfaceName;
  static constexpr std::size_t kMaxSize = 15;  ///< IFNAMSIZ less the final zero

  /// No name: empty().
  constexpr InterfaceName() = default;
  /// A name in the source. Throws SetupError for what no interface can be called (in a constant expression: does not
  /// compile). Text from elsewhere goes through parse().
  constexpr explicit InterfaceName(std::string_view text);
  /// Any text of the user's.
  static Result<InterfaceName> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const { return std::string{view()}; }

  [[nodiscard]] constexpr std::string_view view() const { return {text_.data(), size_}; }
  /// Ends with a zero byte. Valid as long as this object.
  [[nodiscard]] constexpr const char* c_str() const { return text_.data(); }
  [[nodiscard]] constexpr bool empty() const { return size_ == 0; }

  [[nodiscard]] constexpr std::size_t hash() const { return hash_bytes(view()); }
  friend constexpr bool operator==(const InterfaceName& a, const InterfaceName& b) { return a.view() == b.view(); }
  friend constexpr auto operator<=>(const InterfaceName& a, const InterfaceName& b) { return a.view() <=> b.view(); }

 private:
  std::array<char, kMaxSize + 1> text_{};
  std::uint8_t size_ = 0;
};

constexpr std::string_view why_no_interface_name(std::string_view text) {
  if (text.empty()) return "it is empty";
  if (text.size() > InterfaceName::kMaxSize) return "it is over 15 bytes long: shorten it";
  if (text == "." || text == "..") return "the kernel reserves . and ..";
  if (text == "all" || text == "default") return "the kernel keeps that word for settings of all interfaces";
  for (const char c : text) {
    // The kernel's isspace() knows Latin-1's no-break space too (lib/ctype.c).
    if (c == ' ' || (c >= '\t' && c <= '\r') || c == '\xa0') return "it has white space in it";
    if (c == '/' || c == ':') return "it has a / or a : in it";
    if (c == '%') return "it has a % in it, which asks the kernel for a number: give the number";
    if (c == '\0') return "it has a zero byte in it";
  }
  return {};
}

constexpr InterfaceName::InterfaceName(std::string_view text) : size_{static_cast<std::uint8_t>(text.size())} {
  if (const auto why = why_no_interface_name(text); !why.empty()) {
    throw SetupError{Error::invalid("name an interface", std::string{text}, std::string{why})};
  }
  for (std::size_t i = 0; i < text.size(); ++i) text_[i] = text[i];
}

}  // namespace net
}  // namespace netrig
