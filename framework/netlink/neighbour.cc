#include <netrig/netlink/batch.h>
#include <netrig/netlink/codec/neighbour_codec.h>
#include <netrig/netlink/neighbour.h>
#include <netrig/netlink/transport.h>
#include <netrig/netlink/words.h>

#include <cerrno>
#include <ostream>

namespace netrig::netlink {

std::string Neighbour::to_string() const {
  Sentence text;
  text.say(address.to_string()).say("dev " + device.to_string()).say("lladdr", mac);
  text.say_if(router, "router").say_if(proxy, "proxy").say_if(external_learn, "extern_learn");
  if (!proxy) text.say(state_word(state));
  return text.take();
}

std::ostream& operator<<(std::ostream& out, const Neighbour& neighbour) { return out << neighbour.to_string(); }

Result<std::vector<Neighbour>> dump_neighbours(Socket& socket, const NeighbourFilter& filter) {
  codec::Buffer buffer;
  codec::Resolver index{socket.fd(), buffer};
  codec::encode_dump(buffer, filter, index);
  if (!index.missing().empty()) {
    return fail(Error::from_errno("list neighbours dev " + index.missing().to_string(), socket.label(), ENODEV));
  }
  auto neighbours = NETRIG_TRY(dump<Neighbour>(socket, buffer, codec::decode_neighbour));
  codec::DeviceNames names{socket.fd()};
  for (Neighbour& neighbour : neighbours) names.fill(neighbour.device);
  return neighbours;
}

Result<void> flush_neighbours(Socket& socket, FlushedNeighbours which) {
  codec::Buffer buffer;
  codec::Resolver index{socket.fd(), buffer};
  codec::encode_dump(buffer, NeighbourFilter{}, index);
  const auto neighbours = NETRIG_TRY(dump<Neighbour>(socket, buffer, codec::decode_neighbour));
  Batch batch{socket};
  for (const auto& neighbour : neighbours) {
    const bool is_kept = neighbour.state == NeighbourState::permanent ||
                         (neighbour.state == NeighbourState::noarp && which == FlushedNeighbours::learned);
    if (!is_kept) batch.remove(neighbour);
  }
  if (batch.empty() || batch.send()) return {};
  for (const auto& failure : batch.failures()) {
    if (failure.code != ENOENT && failure.code != ENODEV) return fail(failure);
  }
  return {};
}

}  // namespace netrig::netlink
