#include <netrig/netlink/codec/attributes.h>
#include <netrig/netlink/codec/neighbour_codec.h>

#include <arpa/inet.h>
#include <sys/socket.h>

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

namespace netrig::netlink::codec {
namespace {

ndmsg header_of(int family, std::uint32_t index) {
  ndmsg header{};
  header.ndm_family = static_cast<std::uint8_t>(family);
  header.ndm_ifindex = static_cast<int>(index);
  return header;
}

void set_flag(ndmsg& header, bool on, unsigned flag) {
  if (on) header.ndm_flags = static_cast<std::uint8_t>(header.ndm_flags | flag);
}

std::string describe_fdb(const nlmsghdr* message, DeviceNames& names) {
  auto entry = decode_fdb(message);
  if (!entry) return "fdb";
  names.fill(entry->device);
  return "fdb " + entry->to_string();
}

}  // namespace

void encode_neighbour(Buffer& buffer, int type, int flags, const Neighbour& neighbour, Resolver& index) {
  ndmsg header = header_of(family_of(neighbour.address), index(neighbour.device));
  if (!neighbour.proxy) header.ndm_state = static_cast<std::uint16_t>(neighbour.state);
  set_flag(header, neighbour.proxy, NTF_PROXY);
  set_flag(header, neighbour.router, NTF_ROUTER);
  set_flag(header, neighbour.external_learn, NTF_EXT_LEARNED);
  Message message{buffer, type, flags | NLM_F_ACK, header};
  buffer.put_bytes(NDA_DST, neighbour.address.bytes());
  if (neighbour.mac && !neighbour.proxy) buffer.put_bytes(NDA_LLADDR, neighbour.mac->bytes());
}

void encode_fdb(Buffer& buffer, int type, int flags, const FdbEntry& entry, Resolver& index) {
  ndmsg header = header_of(AF_BRIDGE, index(entry.device));
  header.ndm_state = static_cast<std::uint16_t>(entry.state);
  // Neither said: the device's own table, as for `bridge fdb`.
  set_flag(header, entry.self || !entry.master, NTF_SELF);
  set_flag(header, entry.master, NTF_MASTER);
  set_flag(header, entry.router, NTF_ROUTER);
  set_flag(header, entry.external_learn, NTF_EXT_LEARNED);
  set_flag(header, entry.sticky, NTF_STICKY);
  Message message{buffer, type, flags | NLM_F_ACK, header};
  buffer.put_bytes(NDA_LLADDR, entry.mac.bytes());
  if (entry.vlan) buffer.put(NDA_VLAN, *entry.vlan);
  if (entry.remote) buffer.put_bytes(NDA_DST, entry.remote->bytes());
  if (entry.vni) buffer.put(NDA_VNI, *entry.vni);
  if (entry.remote_port) buffer.put(NDA_PORT, htons(*entry.remote_port));
}

void encode_dump(Buffer& buffer, const NeighbourFilter& filter, Resolver& index) {
  const int family = !filter.family ? AF_UNSPEC : *filter.family == AddressFamily::ipv4 ? AF_INET : AF_INET6;
  ndmsg header = header_of(family, 0);
  set_flag(header, filter.proxy, NTF_PROXY);
  Message message{buffer, RTM_GETNEIGH, NLM_F_DUMP, header};
  if (!filter.device.empty()) buffer.put(NDA_IFINDEX, index(filter.device));
}

void encode_dump(Buffer& buffer, const FdbFilter& filter, Resolver& index) {
  Message message{buffer, RTM_GETNEIGH, NLM_F_DUMP, header_of(AF_BRIDGE, index(filter.port))};
  if (!filter.bridge.empty()) buffer.put(NDA_MASTER, index(filter.bridge));
}

std::optional<Neighbour> decode_neighbour(const nlmsghdr* message) {
  const Attributes<NDA_MAX> attributes{message, sizeof(ndmsg)};
  const auto header = read_header<ndmsg>(message);
  if (!attributes.valid()) return std::nullopt;
  const auto address = read_ip(header.ndm_family, attributes[NDA_DST]);
  if (!address) return std::nullopt;
  return Neighbour{.device = {.index = static_cast<std::uint32_t>(header.ndm_ifindex)},
                   .address = *address,
                   .mac = read_mac(attributes[NDA_LLADDR]),
                   .state = NeighbourState{header.ndm_state},
                   .proxy = (header.ndm_flags & NTF_PROXY) != 0,
                   .router = (header.ndm_flags & NTF_ROUTER) != 0,
                   .external_learn = (header.ndm_flags & NTF_EXT_LEARNED) != 0};
}

std::optional<FdbEntry> decode_fdb(const nlmsghdr* message) {
  const Attributes<NDA_MAX> attributes{message, sizeof(ndmsg)};
  const auto header = read_header<ndmsg>(message);
  const auto mac = read_mac(attributes[NDA_LLADDR]);
  if (!attributes.valid() || header.ndm_family != AF_BRIDGE || !mac) return std::nullopt;
  FdbEntry entry{.device = {.index = static_cast<std::uint32_t>(header.ndm_ifindex)},
                 .mac = *mac,
                 .self = (header.ndm_flags & NTF_SELF) != 0,
                 .master = attributes.has(NDA_MASTER) || (header.ndm_flags & NTF_MASTER) != 0,
                 .state = NeighbourState{header.ndm_state},
                 .vlan = attributes.u16(NDA_VLAN),
                 .vni = attributes.u32(NDA_VNI),
                 .external_learn = (header.ndm_flags & NTF_EXT_LEARNED) != 0,
                 .sticky = (header.ndm_flags & NTF_STICKY) != 0,
                 .router = (header.ndm_flags & NTF_ROUTER) != 0,
                 .bridge = {.index = attributes.u32(NDA_MASTER).value_or(0)}};
  entry.remote = IpAddress::from_bytes(read_bytes(attributes[NDA_DST]));
  if (const auto port = attributes.u16(NDA_PORT)) entry.remote_port = ntohs(*port);
  return entry;
}

std::string describe_neighbour(const nlmsghdr* message, DeviceNames& names) {
  if (read_header<ndmsg>(message).ndm_family == AF_BRIDGE) return describe_fdb(message, names);
  auto neighbour = decode_neighbour(message);
  if (!neighbour) return "neighbour";
  names.fill(neighbour->device);
  return "neighbour " + neighbour->to_string();
}

}  // namespace netrig::netlink::codec
