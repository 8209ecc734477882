#include <netrig/netlink/codec/neighbour_codec.h>
#include <netrig/netlink/fdb.h>
#include <netrig/netlink/transport.h>
#include <netrig/netlink/words.h>

#include <cerrno>
#include <ostream>

namespace netrig::netlink {
namespace {

/// The words of `bridge fdb` for the states of an entry; one that was learned has none.
std::string fdb_state_word(NeighbourState state) {
  // `bridge fdb add ... static` sets more than one.
  const auto has = [state](NeighbourState one) {
    return (static_cast<unsigned>(state) & static_cast<unsigned>(one)) != 0;
  };
  if (has(NeighbourState::permanent)) return "permanent";
  if (has(NeighbourState::noarp)) return "static";
  if (has(NeighbourState::stale)) return "stale";
  return {};
}

}  // namespace

std::string FdbEntry::to_string() const {
  Sentence text;
  text.say(mac.to_string()).say("dev " + device.to_string()).say("dst", remote);
  text.say("vlan", vlan).say("port", remote_port).say("vni", vni);
  text.say_if(self, "self").say_if(router, "router").say_if(external_learn, "extern_learn");
  text.say_if(master && bridge.empty(), "master").say_if(sticky, "sticky");
  if (!bridge.empty()) text.say("master " + bridge.to_string());
  return text.say(fdb_state_word(state)).take();
}

std::ostream& operator<<(std::ostream& out, const FdbEntry& entry) { return out << entry.to_string(); }

Result<std::vector<FdbEntry>> dump_fdb(Socket& socket, const FdbFilter& filter) {
  codec::Buffer buffer;
  codec::Resolver index{socket.fd(), buffer};
  codec::encode_dump(buffer, filter, index);
  if (!index.missing().empty()) {
    return fail(Error::from_errno("list fdb of " + index.missing().to_string(), socket.label(), ENODEV));
  }
  auto entries = NETRIG_TRY(dump<FdbEntry>(socket, buffer, codec::decode_fdb));
  codec::DeviceNames names{socket.fd()};
  for (FdbEntry& entry : entries) {
    names.fill(entry.device);
    names.fill(entry.bridge);
  }
  return entries;
}

}  // namespace netrig::netlink
