#include <netrig/netlink/codec/attributes.h>
#include <netrig/netlink/codec/link_kind_codec.h>

#include <arpa/inet.h>
#include <functional>
#include <sys/socket.h>

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

namespace netrig::netlink::codec {
namespace {

using std::chrono::milliseconds;

std::optional<bool> read_bool(const nlattr* attribute) {
  if (const auto value = read_u8(attribute)) return *value != 0;
  return std::nullopt;
}
std::optional<milliseconds> read_time(const nlattr* attribute) {
  if (const auto value = read_u32(attribute)) return milliseconds{*value * 10LL};
  return std::nullopt;
}

/// The peer's own header and attributes, which follow each other in VETH_INFO_PEER.
std::optional<LinkKind> read_veth(const nlattr* data, std::uint32_t) {
  const Attributes<VETH_INFO_MAX> info{data};
  const nlattr* nest = info[VETH_INFO_PEER];
  if (nest == nullptr) return std::nullopt;
  const auto header = read_struct<ifinfomsg>(nest);
  const auto bytes = read_bytes(nest);
  if (bytes.size() < sizeof header) return std::nullopt;
  nlattr* table[IFLA_MAX + 1] = {};
  const auto* first = reinterpret_cast<const nlattr*>(bytes.data() + sizeof header);
  if (nla_parse(table, IFLA_MAX, const_cast<nlattr*>(first), static_cast<int>(bytes.size() - sizeof header), nullptr) <
      0) {
    return std::nullopt;
  }
  auto name = InterfaceName::parse(read_text(table[IFLA_IFNAME]));
  if (!name) return std::nullopt;
  LinkSpec peer{.name = *name, .index = static_cast<std::uint32_t>(header.ifi_index)};
  peer.mac = read_mac(table[IFLA_ADDRESS]);
  peer.mtu = read_u32(table[IFLA_MTU]);
  peer.tx_queue_length = read_u32(table[IFLA_TXQLEN]);
  peer.queues = read_u32(table[IFLA_NUM_TX_QUEUES]).value_or(0);
  peer.group = read_u32(table[IFLA_GROUP]).value_or(0);
  peer.netns = static_cast<int>(read_u32(table[IFLA_NET_NS_FD]).value_or(~0U));
  return Veth{peer};
}

std::optional<LinkKind> read_bridge(const nlattr* data, std::uint32_t) {
  const Attributes<IFLA_BR_MAX> info{data};
  Bridge bridge;
  if (const auto stp = info.u32(IFLA_BR_STP_STATE)) bridge.stp = *stp != 0;
  bridge.forward_delay = read_time(info[IFLA_BR_FORWARD_DELAY]);
  bridge.hello_time = read_time(info[IFLA_BR_HELLO_TIME]);
  bridge.max_age = read_time(info[IFLA_BR_MAX_AGE]);
  bridge.ageing_time = read_time(info[IFLA_BR_AGEING_TIME]);
  bridge.priority = info.u16(IFLA_BR_PRIORITY);
  bridge.vlan_filtering = read_bool(info[IFLA_BR_VLAN_FILTERING]);
  bridge.vlan_default_pvid = info.u16(IFLA_BR_VLAN_DEFAULT_PVID);
  bridge.group_forward_mask = info.u16(IFLA_BR_GROUP_FWD_MASK);
  bridge.multicast_snooping = read_bool(info[IFLA_BR_MCAST_SNOOPING]);
  bridge.multicast_querier = read_bool(info[IFLA_BR_MCAST_QUERIER]);
  return bridge;
}

std::optional<LinkKind> read_macvlan(const nlattr* data, std::uint32_t lower) {
  const Attributes<IFLA_MACVLAN_MAX> info{data};
  return Macvlan{.lower = {.index = lower}, .mode = Macvlan::Mode{info.u32(IFLA_MACVLAN_MODE).value_or(0)}};
}

std::optional<IpAddress> read_either(const Attributes<IFLA_VXLAN_MAX>& info, int type4, int type6) {
  if (auto address = read_ip(AF_INET, info[type4])) return address;
  return read_ip(AF_INET6, info[type6]);
}

std::optional<LinkKind> read_vxlan(const nlattr* data, std::uint32_t) {
  const Attributes<IFLA_VXLAN_MAX> info{data};
  Vxlan vxlan{.vni = info.u32(IFLA_VXLAN_ID).value_or(0)};
  vxlan.remote = read_either(info, IFLA_VXLAN_GROUP, IFLA_VXLAN_GROUP6);
  vxlan.local = read_either(info, IFLA_VXLAN_LOCAL, IFLA_VXLAN_LOCAL6);
  vxlan.lower.index = info.u32(IFLA_VXLAN_LINK).value_or(0);
  vxlan.destination_port = ntohs(info.u16(IFLA_VXLAN_PORT).value_or(0));
  vxlan.ttl = info.u8(IFLA_VXLAN_TTL);
  vxlan.learning = read_bool(info[IFLA_VXLAN_LEARNING]);
  return vxlan;
}

std::optional<LinkKind> read_vlan(const nlattr* data, std::uint32_t lower) {
  const Attributes<IFLA_VLAN_MAX> info{data};
  return Vlan{.lower = {.index = lower},
              .id = info.u16(IFLA_VLAN_ID).value_or(0),
              .protocol = Vlan::Protocol{ntohs(info.u16(IFLA_VLAN_PROTOCOL).value_or(0))}};
}

std::optional<LinkKind> read_vrf(const nlattr* data, std::uint32_t) {
  const Attributes<IFLA_VRF_MAX> info{data};
  return Vrf{.table = info.u32(IFLA_VRF_TABLE).value_or(0)};
}

std::optional<LinkKind> read_ipvlan(const nlattr* data, std::uint32_t lower) {
  const Attributes<IFLA_IPVLAN_MAX> info{data};
  return Ipvlan{.lower = {.index = lower}, .mode = Ipvlan::Mode{info.u16(IFLA_IPVLAN_MODE).value_or(0)}};
}

template <class Kind>
std::optional<LinkKind> read_plain(const nlattr*, std::uint32_t) {
  return Kind{};
}

struct Reader {
  std::string_view kind;
  std::optional<LinkKind> (*read)(const nlattr* data, std::uint32_t lower);
};

constexpr Reader kReaders[] = {
    {"veth", read_veth},          {"bridge", read_bridge},
    {"macvlan", read_macvlan},    {"vxlan", read_vxlan},
    {"vlan", read_vlan},          {"vrf", read_vrf},
    {"ipvlan", read_ipvlan},      {"ifb", read_plain<Ifb>},
    {"dummy", read_plain<Dummy>}, {"wireguard", read_plain<Wireguard>},
};

}  // namespace

std::optional<LinkKind> read_kind(const nlattr* info, std::uint32_t lower) {
  const Attributes<IFLA_INFO_MAX> attributes{info};
  const std::string kind = attributes.text(IFLA_INFO_KIND);
  for (const Reader& reader : kReaders) {
    if (reader.kind == kind) return reader.read(attributes[IFLA_INFO_DATA], lower);
  }
  return std::nullopt;
}

std::optional<BridgePort> read_port(const nlattr* info) {
  const Attributes<IFLA_INFO_MAX> attributes{info};
  if (attributes.text(IFLA_INFO_SLAVE_KIND) != "bridge") return std::nullopt;
  const Attributes<IFLA_BRPORT_MAX> data{attributes[IFLA_INFO_SLAVE_DATA]};
  BridgePort port;
  if (const auto state = data.u8(IFLA_BRPORT_STATE)) port.state = BridgePort::State{*state};
  port.cost = data.u32(IFLA_BRPORT_COST);
  port.priority = data.u16(IFLA_BRPORT_PRIORITY);
  port.hairpin = read_bool(data[IFLA_BRPORT_MODE]);
  port.guard = read_bool(data[IFLA_BRPORT_GUARD]);
  port.root_block = read_bool(data[IFLA_BRPORT_PROTECT]);
  port.fast_leave = read_bool(data[IFLA_BRPORT_FAST_LEAVE]);
  port.learning = read_bool(data[IFLA_BRPORT_LEARNING]);
  port.flood = read_bool(data[IFLA_BRPORT_UNICAST_FLOOD]);
  port.multicast_flood = read_bool(data[IFLA_BRPORT_MCAST_FLOOD]);
  port.broadcast_flood = read_bool(data[IFLA_BRPORT_BCAST_FLOOD]);
  port.isolated = read_bool(data[IFLA_BRPORT_ISOLATED]);
  return port;
}

}  // namespace netrig::netlink::codec
