#include <netrig/netlink/address.h>
#include <netrig/netlink/codec/address_codec.h>
#include <netrig/netlink/transport.h>
#include <netrig/netlink/words.h>

#include <fmt/format.h>

#include <cerrno>
#include <ostream>

namespace netrig::netlink {
namespace {

std::string lifetime_words(const std::optional<std::chrono::seconds>& time) {
  return time ? fmt::format("{}sec", time->count()) : "forever";
}

}  // namespace

std::string Address::to_string() const {
  const bool is_v4 = local.family() == AddressFamily::ipv4;
  Sentence text;
  text.say(is_v4 ? "inet" : "inet6");
  if (peer) {
    text.say(local.address().to_string()).say(fmt::format("peer {}/{}", peer->to_string(), local.length()));
  } else {
    text.say(local.to_string());
  }
  text.say("brd", broadcast).say("scope " + scope_word(scope.value_or(Scope::global)));
  // In the order of iproute2's table.
  text.say_if(secondary, is_v4 ? "secondary" : "temporary").say_if(no_dad, "nodad").say_if(optimistic, "optimistic");
  text.say_if(dad_failed, "dadfailed")
      .say_if(home, "home")
      .say_if(deprecated, "deprecated")
      .say_if(tentative, "tentative");
  text.say_if(dynamic, "dynamic").say_if(manage_temporary, "mngtmpaddr").say_if(no_prefix_route, "noprefixroute");
  text.say(label);
  text.raw(fmt::format("\n   valid_lft {} preferred_lft {}", lifetime_words(valid), lifetime_words(preferred)));
  return text.take();
}

std::ostream& operator<<(std::ostream& out, const Address& address) { return out << address.to_string(); }

Result<std::vector<Address>> dump_addresses(Socket& socket, const AddressFilter& filter) {
  codec::Buffer buffer;
  codec::Resolver index{socket.fd(), buffer};
  codec::encode_dump(buffer, filter, index);
  if (!index.missing().empty()) {
    return fail(Error::from_errno("list addresses dev " + index.missing().to_string(), socket.label(), ENODEV));
  }
  auto addresses = NETRIG_TRY(dump<Address>(socket, buffer, codec::decode_address));
  codec::DeviceNames names{socket.fd()};
  for (Address& address : addresses) names.fill(address.device);
  return addresses;
}

}  // namespace netrig::netlink
