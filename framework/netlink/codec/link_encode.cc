#include <netrig/netlink/codec/link_attributes.h>
#include <netrig/netlink/codec/link_codec.h>
#include <netrig/netlink/codec/link_kind_codec.h>

#include <net/if.h>
#include <sys/socket.h>

#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>

namespace netrig::netlink::codec {
namespace {

ifinfomsg header_of(std::uint32_t index, unsigned flags = 0, unsigned change = 0) {
  ifinfomsg header{};
  header.ifi_index = static_cast<int>(index);
  header.ifi_flags = flags;
  header.ifi_change = change;
  return header;
}

/// A message about an existing device: by index where there is one, else by name.
ifinfomsg header_of(const Device& device, unsigned flags = 0, unsigned change = 0) {
  return header_of(device.index, flags, change);
}
void put_name(Buffer& buffer, const Device& device) {
  if (device.index == 0 && !device.name.empty()) buffer.put_text(IFLA_IFNAME, device.name.view());
}

/// The flags that a change sets, and which ones it speaks of.
struct Flags {
  unsigned value = 0, mask = 0;

  void set(unsigned flag, const std::optional<bool>& on) {
    if (!on) return;
    mask |= flag;
    if (*on) value |= flag;
  }
};

Flags flags_of(const LinkChange& change) {
  Flags flags;
  flags.set(IFF_UP, change.up);
  flags.set(IFF_PROMISC, change.promiscuous);
  flags.set(IFF_MULTICAST, change.multicast);
  flags.set(IFF_ALLMULTI, change.all_multicast);
  if (change.arp) flags.set(IFF_NOARP, !*change.arp);
  return flags;
}

bool has_device_settings(const LinkChange& change) { return !change.ipv4.empty() || change.addr_gen_mode; }

void put_device_settings(Buffer& buffer, const LinkChange& change) {
  Nest families{buffer, IFLA_AF_SPEC};
  if (!change.ipv4.empty()) {
    Nest family{buffer, AF_INET};
    Nest settings{buffer, IFLA_INET_CONF};
    for (const Ipv4Setting& setting : change.ipv4) buffer.put(setting.id, setting.value);
  }
  if (change.addr_gen_mode) {
    Nest family{buffer, AF_INET6};
    buffer.put(IFLA_INET6_ADDR_GEN_MODE, *change.addr_gen_mode);
  }
}

void put_segment_limits(Buffer& buffer, std::uint32_t bytes) {
  for (const int limit : {int{IFLA_GSO_MAX_SIZE}, int{IFLA_GRO_MAX_SIZE}, kGsoIpv4MaxSize, kGroIpv4MaxSize})
    buffer.put(static_cast<std::uint16_t>(limit), bytes);
}

void put_attributes(Buffer& buffer, const LinkChange& change, Resolver& index) {
  if (change.name) buffer.put_text(IFLA_IFNAME, change.name->view());
  if (change.mac) buffer.put_bytes(IFLA_ADDRESS, change.mac->bytes());
  if (change.mtu) buffer.put(IFLA_MTU, *change.mtu);
  if (change.tx_queue_length) buffer.put(IFLA_TXQLEN, *change.tx_queue_length);
  if (change.gso_max_size) put_segment_limits(buffer, *change.gso_max_size);
  if (change.group) buffer.put(IFLA_GROUP, *change.group);
  if (change.alias) buffer.put_text(IFLA_IFALIAS, *change.alias);
  if (change.master) buffer.put(IFLA_MASTER, index(*change.master));
  if (change.kind) put_kind(buffer, *change.kind, index);
}

/// A rename needs the index, since the name in the message is then the new one.
Device addressed(const LinkChange& change, Resolver& index) {
  if (change.name && change.device.index == 0) return {index(change.device), change.device.name};
  return change.device;
}

}  // namespace

void encode_add(Buffer& buffer, const LinkSpec& link, const LinkKind& kind, Resolver& index) {
  const unsigned up = link.up ? IFF_UP : 0;
  Message message{buffer, RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, header_of(link.index, up, up)};
  put_spec(buffer, link, index);
  put_kind(buffer, kind, index);
}

void encode_change(Buffer& buffer, const LinkChange& change, Resolver& index) {
  const Device device = addressed(change, index);
  const Flags flags = flags_of(change);
  const auto write = [&](bool first, bool last) {
    Message message{buffer, RTM_NEWLINK, NLM_F_ACK,
                    last ? header_of(device, flags.value, flags.mask) : header_of(device)};
    put_name(buffer, device);
    if (first) put_attributes(buffer, change, index);
    if (first && has_device_settings(change)) put_device_settings(buffer, change);
    if (last && change.port) put_port(buffer, *change.port);
    if (last && change.netns >= 0) buffer.put(IFLA_NET_NS_FD, change.netns);
  };
  // In one message the kernel (rtnetlink.c) sees to port options before the master, and to flags before device
  // settings.
  const bool two = (has_device_settings(change) && flags.mask != 0) || (change.port && (change.master || change.kind));
  write(true, !two);
  if (two) write(false, true);
}

void encode_remove(Buffer& buffer, const Device& device) {
  Message message{buffer, RTM_DELLINK, NLM_F_ACK, header_of(device)};
  put_name(buffer, device);
}

void encode_remove_link_group(Buffer& buffer, std::uint32_t group) {
  Message message{buffer, RTM_DELLINK, NLM_F_ACK, header_of(0)};
  buffer.put(IFLA_GROUP, group);
}

void encode_get(Buffer& buffer, const Device& device) {
  Message message{buffer, RTM_GETLINK, 0, header_of(device)};
  put_name(buffer, device);
}

void encode_settle(Buffer& buffer, const Device& device) {
  Message message{buffer, RTM_GETLINK, NLM_F_ACK, header_of(device)};
  put_name(buffer, device);
  buffer.put(IFLA_EXT_MASK, std::uint32_t{RTEXT_FILTER_SKIP_STATS});
}

void encode_probe(Buffer& buffer, std::string_view kind) {
  Message message{buffer, RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, header_of(0)};
  buffer.put(IFLA_NUM_TX_QUEUES, std::uint32_t{1'000'000});
  Nest info{buffer, IFLA_LINKINFO};
  buffer.put_text(IFLA_INFO_KIND, kind);
}

void encode_dump(Buffer& buffer, const LinkFilter& filter, Resolver& index) {
  Message message{buffer, RTM_GETLINK, NLM_F_DUMP, header_of(0)};
  if (!filter.statistics) buffer.put(IFLA_EXT_MASK, std::uint32_t{RTEXT_FILTER_SKIP_STATS});
  if (!filter.master.empty()) buffer.put(IFLA_MASTER, index(filter.master));
  if (filter.kind.empty()) return;
  Nest info{buffer, IFLA_LINKINFO};
  buffer.put_text(IFLA_INFO_KIND, filter.kind);
}

}  // namespace netrig::netlink::codec
