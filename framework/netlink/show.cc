#include <netrig/netlink/show.h>
#include <netrig/netlink/words.h>

#include <fmt/format.h>

namespace netrig::netlink {
namespace {

/// `text` with `margin` before each of its lines, and a newline after the last.
std::string indented(std::string_view text, std::string_view margin) {
  std::string lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.append(margin).append(text.substr(0, end)).append("\n");
    text = end == text.npos ? std::string_view{} : text.substr(end + 1);
  }
  return lines;
}

std::string brief(const Address& address) {
  if (!address.peer) return address.local.to_string();
  return fmt::format("{} peer {}/{}", address.local.address().to_string(), address.peer->to_string(),
                     address.local.length());
}

}  // namespace

std::string show_addresses(std::span<const Link> links, std::span<const Address> addresses) {
  std::string text;
  for (const Link& link : links) {
    text += link_words_for_address(link) + "\n";
    for (const Address& address : addresses) {
      if (address.device.index == link.index) text += indented(address.to_string(), "    ");
    }
  }
  return text;
}

std::string show_addresses_brief(std::span<const Link> links, std::span<const Address> addresses) {
  std::string text;
  for (const Link& link : links) {
    std::string line = fmt::format("{:<16} {:<14}", full_name(link), state_word(link));
    for (const Address& address : addresses) {
      if (address.device.index == link.index) line += " " + brief(address);
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

}  // namespace netrig::netlink
