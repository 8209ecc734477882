#include <netrig/bench/raw_requests.h>

#include <cstring>
#include <net/if.h>
#include <sys/socket.h>

#include <linux/if_addr.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

namespace netrig::bench {

namespace {

void store_big_endian(std::uint8_t* to, std::uint64_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) to[i] = static_cast<std::uint8_t>(value >> (8 * (size - 1 - i)));
}

}  // namespace

RawAddress RawAddress::v4(std::uint32_t host_order, std::uint8_t prefix_length) {
  RawAddress address{AF_INET, prefix_length, {}};
  store_big_endian(address.bytes.data(), host_order, 4);
  return address;
}

RawAddress RawAddress::v6(std::uint64_t high, std::uint64_t low, std::uint8_t prefix_length) {
  RawAddress address{AF_INET6, prefix_length, {}};
  store_big_endian(address.bytes.data(), high, 8);
  store_big_endian(address.bytes.data() + 8, low, 8);
  return address;
}

std::size_t RawAddress::size() const { return family == AF_INET ? 4 : 16; }

std::array<std::uint8_t, 6> raw_mac(std::uint32_t index) {
  std::array<std::uint8_t, 6> mac{0x02, 0x6e, 0x72};
  store_big_endian(mac.data() + 3, index, 3);
  return mac;
}

RawAddress raw_link_local(std::uint32_t index) {
  constexpr std::uint64_t kInterfaceId = 0x006e'72ff'fe00'0000;  // of 02:6e:72:00:00:00
  return RawAddress::v6(0xfe80'0000'0000'0000, kInterfaceId | index, 64);
}

void RawRequests::add_bridge(const RawDevice& bridge) {
  begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  ifinfomsg link{};
  link.ifi_index = static_cast<int>(bridge.index);
  if (bridge.up) link.ifi_flags = link.ifi_change = IFF_UP;
  put(link);
  text(IFLA_IFNAME, bridge.name);
  const auto mac = raw_mac(bridge.index);
  attribute(IFLA_ADDRESS, mac.data(), mac.size());
  const auto info = open_nest(IFLA_LINKINFO);
  text(IFLA_INFO_KIND, "bridge");
  const auto data = open_nest(IFLA_INFO_DATA);
  const std::uint8_t off = 0;
  attribute(IFLA_BR_MCAST_SNOOPING, &off, sizeof off);
  close_nest(data);
  close_nest(info);
  end();
}

void RawRequests::add_veth(const RawDevice& near, const RawDevice& peer) {
  begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  ifinfomsg link{};
  link.ifi_index = static_cast<int>(near.index);
  if (near.up) link.ifi_flags = link.ifi_change = IFF_UP;
  put(link);
  device_attributes(near);
  const auto info = open_nest(IFLA_LINKINFO);
  text(IFLA_INFO_KIND, "veth");
  const auto data = open_nest(IFLA_INFO_DATA);
  const auto nested = open_nest(VETH_INFO_PEER);
  ifinfomsg peer_link{};
  peer_link.ifi_index = static_cast<int>(peer.index);
  put(peer_link);
  device_attributes(peer);
  close_nest(nested);
  close_nest(data);
  close_nest(info);
  end();
}

void RawRequests::set_up(std::uint32_t index) {
  begin(RTM_NEWLINK, 0);
  ifinfomsg link{};
  link.ifi_index = static_cast<int>(index);
  link.ifi_flags = link.ifi_change = IFF_UP;
  put(link);
  end();
}

void RawRequests::no_link_local(std::uint32_t index) {
  begin(RTM_NEWLINK, 0);
  ifinfomsg link{};
  link.ifi_index = static_cast<int>(index);
  put(link);
  const auto families = open_nest(IFLA_AF_SPEC);
  const auto ipv6 = open_nest(AF_INET6);
  const std::uint8_t none = IN6_ADDR_GEN_MODE_NONE;
  attribute(IFLA_INET6_ADDR_GEN_MODE, &none, sizeof none);
  close_nest(ipv6);
  close_nest(families);
  end();
}

void RawRequests::add_address(std::uint32_t index, const RawAddress& address) {
  begin(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
  ifaddrmsg message{};
  message.ifa_family = address.family;
  message.ifa_prefixlen = address.prefix_length;
  message.ifa_flags = address.family == AF_INET6 ? IFA_F_NODAD : 0;
  const std::array<std::uint8_t, 2> link_local{0xfe, 0x80};
  const bool is_link_local = std::memcmp(address.bytes.data(), link_local.data(), link_local.size()) == 0;
  message.ifa_scope = is_link_local ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
  message.ifa_index = index;
  put(message);
  attribute(IFA_LOCAL, address.bytes.data(), address.size());
  attribute(IFA_ADDRESS, address.bytes.data(), address.size());
  end();
}

void RawRequests::add_default_route(std::uint32_t index, const RawAddress& gateway) {
  begin(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
  rtmsg route{};
  route.rtm_family = gateway.family;
  route.rtm_table = RT_TABLE_MAIN;
  route.rtm_protocol = RTPROT_STATIC;
  route.rtm_scope = RT_SCOPE_UNIVERSE;
  route.rtm_type = RTN_UNICAST;
  put(route);
  attribute(RTA_GATEWAY, gateway.bytes.data(), gateway.size());
  number(RTA_OIF, index);
  end();
}

void RawRequests::query_link(std::uint32_t index) {
  begin(RTM_GETLINK, 0);
  ifinfomsg link{};
  link.ifi_index = static_cast<int>(index);
  put(link);
  number(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  end();
}

void RawRequests::query_ipv6_routes() {
  begin(RTM_GETROUTE, NLM_F_DUMP);
  rtmsg route{};
  route.rtm_family = AF_INET6;
  put(route);
  end();
}

void RawRequests::close() { header(last_)->nlmsg_flags |= NLM_F_ACK; }

nlmsghdr* RawRequests::header(std::size_t offset) { return reinterpret_cast<nlmsghdr*>(bytes_.data() + offset); }

void RawRequests::begin(std::uint16_t type, unsigned flags) {
  last_ = bytes_.size();
  nlmsghdr message{};
  message.nlmsg_type = type;
  message.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  message.nlmsg_seq = ++sequence_;
  put(message);
}

void RawRequests::end() { header(last_)->nlmsg_len = static_cast<std::uint32_t>(bytes_.size() - last_); }

template <class T>
void RawRequests::put(const T& value) {
  const auto offset = bytes_.size();
  bytes_.resize(offset + NLMSG_ALIGN(sizeof value));
  std::memcpy(bytes_.data() + offset, &value, sizeof value);
}

void RawRequests::attribute(unsigned short type, const void* data, std::size_t size) {
  const auto offset = bytes_.size();
  bytes_.resize(offset + NLA_HDRLEN + NLA_ALIGN(size));
  const nlattr attribute{static_cast<std::uint16_t>(NLA_HDRLEN + size), type};
  std::memcpy(bytes_.data() + offset, &attribute, sizeof attribute);
  std::memcpy(bytes_.data() + offset + NLA_HDRLEN, data, size);
}

void RawRequests::text(unsigned short type, std::string_view value) {
  std::array<char, IFNAMSIZ> terminated{};
  value.copy(terminated.data(), terminated.size() - 1);
  attribute(type, terminated.data(), value.size() + 1);
}

void RawRequests::number(unsigned short type, std::uint32_t value) { attribute(type, &value, sizeof value); }

void RawRequests::device_attributes(const RawDevice& device) {
  text(IFLA_IFNAME, device.name);
  const auto mac = raw_mac(device.index);
  attribute(IFLA_ADDRESS, mac.data(), mac.size());
  number(IFLA_NUM_TX_QUEUES, 1);
  number(IFLA_NUM_RX_QUEUES, 1);
  if (device.master != 0) number(IFLA_MASTER, device.master);
  if (device.network >= 0) number(IFLA_NET_NS_FD, static_cast<std::uint32_t>(device.network));
}

std::size_t RawRequests::open_nest(unsigned short type) {
  const auto offset = bytes_.size();
  attribute(type | NLA_F_NESTED, nullptr, 0);
  return offset;
}

void RawRequests::close_nest(std::size_t offset) {
  reinterpret_cast<nlattr*>(bytes_.data() + offset)->nla_len = static_cast<std::uint16_t>(bytes_.size() - offset);
}

}  // namespace netrig::bench
