#include <netrig/netlink/codec/mdb_codec.h>
#include <netrig/netlink/mdb.h>
#include <netrig/netlink/transport.h>
#include <netrig/netlink/words.h>

#include <iterator>
#include <ostream>

namespace netrig::netlink {

std::string MdbEntry::to_string() const {
  Sentence text;
  text.say("dev " + bridge.to_string()).say("port " + port.to_string()).say("grp " + group.to_string());
  text.say("src", source).say(permanent ? "permanent" : "temp");
  if (vlan != 0) text.say("vid " + std::to_string(vlan));
  return text.take();
}

std::ostream& operator<<(std::ostream& out, const MdbEntry& entry) { return out << entry.to_string(); }

Result<std::vector<MdbEntry>> dump_mdb(Socket& socket) {
  codec::Buffer buffer;
  codec::encode_mdb_dump(buffer);
  const auto decode = [](const nlmsghdr* message) { return std::optional{codec::decode_mdb(message)}; };
  auto bridges = NETRIG_TRY(dump<std::vector<MdbEntry>>(socket, buffer, decode));
  codec::DeviceNames names{socket.fd()};
  std::vector<MdbEntry> entries;
  for (auto& of_bridge : bridges) {
    for (MdbEntry& entry : of_bridge) {
      names.fill(entry.bridge);
      names.fill(entry.port);
    }
    std::ranges::move(of_bridge, std::back_inserter(entries));
  }
  return entries;
}

}  // namespace netrig::netlink
