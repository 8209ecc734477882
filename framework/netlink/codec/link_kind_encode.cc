#include <netrig/netlink/codec/attributes.h>
#include <netrig/netlink/codec/link_kind_codec.h>

#include <arpa/inet.h>
#include <net/if.h>

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

namespace netrig::netlink::codec {
namespace {

using std::chrono::milliseconds;

/// Bridge times are in USER_HZ, which is 100 everywhere.
std::uint32_t centiseconds(milliseconds time) { return static_cast<std::uint32_t>(time.count() / 10); }

void put_bool(Buffer& buffer, int type, const std::optional<bool>& value) {
  if (value) buffer.put(type, static_cast<std::uint8_t>(*value));
}
void put_time(Buffer& buffer, int type, const std::optional<milliseconds>& value) {
  if (value) buffer.put(type, centiseconds(*value));
}

/// Writes IFLA_INFO_DATA of one kind.
struct PutData {
  Buffer& buffer;
  Resolver& index;

  void operator()(const Veth& veth) const {
    Nest data{buffer, IFLA_INFO_DATA};
    Nest peer{buffer, VETH_INFO_PEER};
    ifinfomsg header{};
    header.ifi_index = static_cast<int>(veth.peer.index);
    buffer.put_struct(header);
    put_spec(buffer, veth.peer, index);
  }
  void operator()(const Bridge& bridge) const {
    Nest data{buffer, IFLA_INFO_DATA};
    put_time(buffer, IFLA_BR_FORWARD_DELAY, bridge.forward_delay);
    put_time(buffer, IFLA_BR_HELLO_TIME, bridge.hello_time);
    put_time(buffer, IFLA_BR_MAX_AGE, bridge.max_age);
    put_time(buffer, IFLA_BR_AGEING_TIME, bridge.ageing_time);
    if (bridge.stp) buffer.put(IFLA_BR_STP_STATE, static_cast<std::uint32_t>(*bridge.stp));
    buffer.put_optional(IFLA_BR_PRIORITY, bridge.priority);
    buffer.put_optional(IFLA_BR_VLAN_DEFAULT_PVID, bridge.vlan_default_pvid);
    put_bool(buffer, IFLA_BR_VLAN_FILTERING, bridge.vlan_filtering);
    buffer.put_optional(IFLA_BR_GROUP_FWD_MASK, bridge.group_forward_mask);
    put_bool(buffer, IFLA_BR_MCAST_SNOOPING, bridge.multicast_snooping);
    put_bool(buffer, IFLA_BR_MCAST_QUERIER, bridge.multicast_querier);
  }
  void operator()(const Macvlan& macvlan) const {
    Nest data{buffer, IFLA_INFO_DATA};
    buffer.put(IFLA_MACVLAN_MODE, macvlan.mode);
  }
  void operator()(const Vxlan& vxlan) const {
    Nest data{buffer, IFLA_INFO_DATA};
    buffer.put(IFLA_VXLAN_ID, vxlan.vni);
    if (vxlan.remote) {
      buffer.put_bytes(vxlan.remote->is_v4() ? IFLA_VXLAN_GROUP : IFLA_VXLAN_GROUP6, vxlan.remote->bytes());
    }
    if (vxlan.local) {
      buffer.put_bytes(vxlan.local->is_v4() ? IFLA_VXLAN_LOCAL : IFLA_VXLAN_LOCAL6, vxlan.local->bytes());
    }
    if (!vxlan.lower.empty()) buffer.put(IFLA_VXLAN_LINK, index(vxlan.lower));
    buffer.put(IFLA_VXLAN_PORT, htons(vxlan.destination_port));
    buffer.put_optional(IFLA_VXLAN_TTL, vxlan.ttl);
    put_bool(buffer, IFLA_VXLAN_LEARNING, vxlan.learning);
  }
  void operator()(const Vlan& vlan) const {
    Nest data{buffer, IFLA_INFO_DATA};
    buffer.put(IFLA_VLAN_ID, vlan.id);
    buffer.put(IFLA_VLAN_PROTOCOL, htons(static_cast<std::uint16_t>(vlan.protocol)));
  }
  void operator()(const Vrf& vrf) const {
    Nest data{buffer, IFLA_INFO_DATA};
    buffer.put(IFLA_VRF_TABLE, vrf.table);
  }
  void operator()(const Ipvlan& ipvlan) const {
    Nest data{buffer, IFLA_INFO_DATA};
    buffer.put(IFLA_IPVLAN_MODE, ipvlan.mode);
  }
  void operator()(const Ifb&) const {}
  void operator()(const Dummy&) const {}
  void operator()(const Wireguard&) const {}
};

/// The device below, for the kinds that IFLA_LINK tells it.
const Device* lower_of(const LinkKind& kind) {
  if (const auto* macvlan = std::get_if<Macvlan>(&kind)) return &macvlan->lower;
  if (const auto* vlan = std::get_if<Vlan>(&kind)) return &vlan->lower;
  if (const auto* ipvlan = std::get_if<Ipvlan>(&kind)) return &ipvlan->lower;
  return nullptr;
}

}  // namespace

void put_spec(Buffer& buffer, const LinkSpec& spec, Resolver& index) {
  buffer.put_text(IFLA_IFNAME, spec.name.view());
  if (spec.mac) buffer.put_bytes(IFLA_ADDRESS, spec.mac->bytes());
  buffer.put_optional(IFLA_MTU, spec.mtu);
  buffer.put_optional(IFLA_TXQLEN, spec.tx_queue_length);
  if (spec.queues != 0) {
    buffer.put(IFLA_NUM_TX_QUEUES, spec.queues);
    buffer.put(IFLA_NUM_RX_QUEUES, spec.queues);
  }
  if (spec.group != 0) buffer.put(IFLA_GROUP, spec.group);
  if (!spec.master.empty()) buffer.put(IFLA_MASTER, index(spec.master));
  if (spec.netns >= 0) buffer.put(IFLA_NET_NS_FD, spec.netns);
}

void put_kind(Buffer& buffer, const LinkKind& kind, Resolver& index) {
  if (const Device* lower = lower_of(kind); lower != nullptr && !lower->empty()) buffer.put(IFLA_LINK, index(*lower));
  Nest info{buffer, IFLA_LINKINFO};
  buffer.put_text(IFLA_INFO_KIND, name_of(kind));
  std::visit(PutData{buffer, index}, kind);
}

void put_port(Buffer& buffer, const BridgePort& port) {
  Nest info{buffer, IFLA_LINKINFO};
  buffer.put_text(IFLA_INFO_SLAVE_KIND, "bridge");
  Nest data{buffer, IFLA_INFO_SLAVE_DATA};
  buffer.put_optional(IFLA_BRPORT_STATE, port.state);
  buffer.put_optional(IFLA_BRPORT_COST, port.cost);
  buffer.put_optional(IFLA_BRPORT_PRIORITY, port.priority);
  put_bool(buffer, IFLA_BRPORT_MODE, port.hairpin);
  put_bool(buffer, IFLA_BRPORT_GUARD, port.guard);
  put_bool(buffer, IFLA_BRPORT_PROTECT, port.root_block);
  put_bool(buffer, IFLA_BRPORT_FAST_LEAVE, port.fast_leave);
  put_bool(buffer, IFLA_BRPORT_LEARNING, port.learning);
  put_bool(buffer, IFLA_BRPORT_UNICAST_FLOOD, port.flood);
  put_bool(buffer, IFLA_BRPORT_MCAST_FLOOD, port.multicast_flood);
  put_bool(buffer, IFLA_BRPORT_BCAST_FLOOD, port.broadcast_flood);
  put_bool(buffer, IFLA_BRPORT_ISOLATED, port.isolated);
}

}  // namespace netrig::netlink::codec
