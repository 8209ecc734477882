// The words of iproute2 for the kernel's numbers, mostly from libnl's tables.
#pragma once

#include <netrig/netlink/address.h>
#include <netrig/netlink/link.h>
#include <netrig/netlink/neighbour.h>
#include <netrig/netlink/route.h>

#include <string>
#include <string_view>

namespace netrig::netlink {

/// `global`, `link`, ..., or the number.
std::string scope_word(Scope scope);
/// `kernel`, `static`, ..., or the number.
std::string protocol_word(RouteProtocol protocol);
/// `unicast`, `blackhole`, ...
std::string type_word(RouteType type);
/// `PERMANENT`, ... as `ip neighbour` prints it.
std::string state_word(NeighbourState state);
/// The prefix, or the bare address when it is a single one: as `ip` prints a destination.
std::string short_prefix(const IpPrefix& prefix);
/// Link::to_string() without mode and alias, as `ip address` prints a link.
std::string link_words_for_address(const Link& link);
/// `eth0`, `eth0@veth1`, `eth0@if3`, `gre0@NONE`.
std::string full_name(const Link& link);
/// `UP`, `LOWERLAYERDOWN`, ...
std::string state_word(const Link& link);

/// Collects words with single spaces between them.
class Sentence {
 public:
  /// Appends `word`, unless it is empty.
  Sentence& say(std::string_view word) {
    if (word.empty()) return *this;
    if (!text_.empty() && text_.back() != '\n' && text_.back() != '\t') text_ += ' ';
    text_ += word;
    return *this;
  }
  /// Appends `word` and `value` when `given`.
  Sentence& say_if(bool given, std::string_view word) { return given ? say(word) : *this; }
  template <class T>
  Sentence& say(std::string_view word, const std::optional<T>& value) {
    return value ? say(word).say(text_of(*value)) : *this;
  }
  /// Appends as it is.
  Sentence& raw(std::string_view text) {
    text_ += text;
    return *this;
  }
  std::string take() { return std::move(text_); }

 private:
  template <class T>
  static std::string text_of(const T& value) {
    if constexpr (std::is_arithmetic_v<T>) {
      return std::to_string(value);
    } else {
      return value.to_string();
    }
  }

  std::string text_;
};

}  // namespace netrig::netlink
