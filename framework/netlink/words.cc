#include <netrig/netlink/words.h>

#include <netlink/netlink.h>
#include <netlink/route/route.h>
#include <netlink/route/rtnl.h>
#include <netlink/utils.h>

#include <array>

namespace netrig::netlink {
namespace {

/// The word that one of libnl's tables has for a number, or the number: libnl would print it in hexadecimal.
template <class Number>
std::string word_or_number(char* (*translate)(Number, char*, size_t), Number number) {
  std::array<char, 64> room{};
  const std::string word = translate(number, room.data(), room.size());
  return word.starts_with("0x") ? std::to_string(number) : word;
}

}  // namespace

std::string scope_word(Scope scope) { return word_or_number<int>(rtnl_scope2str, static_cast<int>(scope)); }

std::string protocol_word(RouteProtocol protocol) {
  // Not in libnl's table.
  if (protocol == RouteProtocol::ra) return "ra";
  if (protocol == RouteProtocol::dhcp) return "dhcp";
  return word_or_number<int>(rtnl_route_proto2str, static_cast<int>(protocol));
}

std::string type_word(RouteType type) { return word_or_number<int>(nl_rtntype2str, static_cast<int>(type)); }

std::string state_word(NeighbourState state) {
  // libnl knows the states by other words than `ip`.
  switch (state) {
    case NeighbourState::none:
      return "NONE";
    case NeighbourState::incomplete:
      return "INCOMPLETE";
    case NeighbourState::reachable:
      return "REACHABLE";
    case NeighbourState::stale:
      return "STALE";
    case NeighbourState::delay:
      return "DELAY";
    case NeighbourState::probe:
      return "PROBE";
    case NeighbourState::failed:
      return "FAILED";
    case NeighbourState::noarp:
      return "NOARP";
    case NeighbourState::permanent:
      return "PERMANENT";
  }
  return std::to_string(static_cast<unsigned>(state));
}

std::string short_prefix(const IpPrefix& prefix) {
  const bool single = prefix.length() == address_bits(prefix.family());
  return single ? prefix.address().to_string() : prefix.to_string();
}

}  // namespace netrig::netlink
