#include <netrig/netlink/codec/attributes.h>
#include <netrig/netlink/codec/link_attributes.h>
#include <netrig/netlink/codec/link_codec.h>
#include <netrig/netlink/codec/link_kind_codec.h>

#include <net/if.h>
#include <sys/socket.h>

#include <linux/if_link.h>
#include <linux/rtnetlink.h>

namespace netrig::netlink::codec {
namespace {

LinkStatistics read_statistics(const nlattr* attribute) {
  const auto raw = read_struct<rtnl_link_stats64>(attribute);
  return {.rx_packets = raw.rx_packets,
          .rx_bytes = raw.rx_bytes,
          .rx_errors = raw.rx_errors,
          .rx_dropped = raw.rx_dropped,
          .rx_multicast = raw.multicast,
          .tx_packets = raw.tx_packets,
          .tx_bytes = raw.tx_bytes,
          .tx_errors = raw.tx_errors,
          .tx_dropped = raw.tx_dropped,
          .collisions = raw.collisions};
}

std::optional<AddrGenMode> read_addr_gen_mode(const nlattr* families) {
  const Attributes<AF_INET6> by_family{families};
  const Attributes<IFLA_INET6_MAX> ipv6{by_family[AF_INET6]};
  if (const auto mode = ipv6.u8(IFLA_INET6_ADDR_GEN_MODE)) return AddrGenMode{*mode};
  return std::nullopt;
}

void read_identity(Link& link, const LinkAttributes& attributes) {
  link.mtu = attributes.u32(IFLA_MTU).value_or(0);
  link.mac = read_mac(attributes[IFLA_ADDRESS]);
  link.broadcast = read_mac(attributes[IFLA_BROADCAST]);
  link.group = attributes.u32(IFLA_GROUP).value_or(0);
  link.qdisc = attributes.text(IFLA_QDISC);
  link.alias = attributes.text(IFLA_IFALIAS);
  link.tx_queue_length = attributes.u32(IFLA_TXQLEN).value_or(0);
  link.tx_queues = attributes.u32(IFLA_NUM_TX_QUEUES).value_or(0);
  link.rx_queues = attributes.u32(IFLA_NUM_RX_QUEUES).value_or(0);
  link.gso_max_size = attributes.u32(IFLA_GSO_MAX_SIZE).value_or(0);
  link.gso_ipv4_max_size = attributes.u32(kGsoIpv4MaxSize).value_or(0);
  link.promiscuity = attributes.u32(IFLA_PROMISCUITY).value_or(0);
}

void read_state(Link& link, const LinkAttributes& attributes) {
  link.state = OperState{attributes.u8(IFLA_OPERSTATE).value_or(0)};
  link.carrier = attributes.u8(IFLA_CARRIER).value_or(0) != 0;
  link.mode = attributes.u8(IFLA_LINKMODE).value_or(0);
  link.statistics = read_statistics(attributes[IFLA_STATS64]);
  link.addr_gen_mode = read_addr_gen_mode(attributes[IFLA_AF_SPEC]);
}

void read_relations(Link& link, const LinkAttributes& attributes) {
  link.master.index = attributes.u32(IFLA_MASTER).value_or(0);
  link.linked_index = attributes.u32(IFLA_LINK);
  if (const auto id = attributes.u32(IFLA_LINK_NETNSID)) link.linked_namespace = static_cast<std::int32_t>(*id);
  const nlattr* info = attributes[IFLA_LINKINFO];
  link.kind = Attributes<IFLA_INFO_MAX>{info}.text(IFLA_INFO_KIND);
  link.details = read_kind(info, link.linked_index.value_or(0));
  link.port = read_port(info);
}

}  // namespace

std::optional<Link> decode_link(const nlmsghdr* message) {
  const LinkAttributes attributes{message, sizeof(ifinfomsg)};
  if (!attributes.valid()) return std::nullopt;
  const auto header = read_header<ifinfomsg>(message);
  auto name = InterfaceName::parse(attributes.text(IFLA_IFNAME));
  if (!name) return std::nullopt;
  Link link{.index = static_cast<std::uint32_t>(header.ifi_index),
            .name = *name,
            .flags = header.ifi_flags,
            .type = header.ifi_type};
  read_identity(link, attributes);
  read_state(link, attributes);
  read_relations(link, attributes);
  return link;
}

}  // namespace netrig::netlink::codec
