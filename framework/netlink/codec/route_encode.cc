#include <netrig/netlink/codec/attributes.h>
#include <netrig/netlink/codec/route_codec.h>

#include <array>
#include <sys/socket.h>

#include <linux/rtnetlink.h>

namespace netrig::netlink::codec {
namespace {

/// As `ip route` chooses it (iproute.c): what is on the link is of scope link, what a deletion does not say matches
/// any.
Scope default_scope(const Route& route, int message_type) {
  if (!route.destination.is_v4()) return Scope::global;
  switch (route.type) {
    case RouteType::local:
    case RouteType::nat:
      return Scope::host;
    case RouteType::broadcast:
    case RouteType::multicast:
    case RouteType::anycast:
      return Scope::link;
    case RouteType::unicast:
    case RouteType::unspecified:
      if (message_type == RTM_DELROUTE) return Scope::nowhere;
      return route.hops.size() == 1 && !route.hops.front().via ? Scope::link : Scope::global;
    default:
      return Scope::global;
  }
}

/// RTA_GATEWAY, or RTA_VIA (struct rtvia) for a gateway of the other family.
void put_gateway(Buffer& buffer, const IpAddress& gateway, bool route_is_v4) {
  if (gateway.is_v4() == route_is_v4) return buffer.put_bytes(RTA_GATEWAY, gateway.bytes());
  std::array<std::uint8_t, 18> via{};
  const std::uint16_t family = family_of(gateway);
  std::memcpy(via.data(), &family, sizeof family);
  const auto address = gateway.bytes();
  std::memcpy(via.data() + sizeof family, address.data(), address.size());
  buffer.put_bytes(RTA_VIA, std::span{via}.first(sizeof family + address.size()));
}

void put_multipath(Buffer& buffer, const Route& route, Resolver& index) {
  Nest hops{buffer, RTA_MULTIPATH};
  for (const NextHop& hop : route.hops) {
    rtnexthop header{};
    header.rtnh_flags = hop.onlink ? RTNH_F_ONLINK : 0;
    header.rtnh_hops = static_cast<std::uint8_t>(hop.weight - 1);
    header.rtnh_ifindex = static_cast<int>(index(hop.device));
    StructWithAttributes entry{buffer, header, offsetof(rtnexthop, rtnh_len)};
    if (hop.via) put_gateway(buffer, *hop.via, route.destination.is_v4());
  }
}

void put_hops(Buffer& buffer, const Route& route, Resolver& index) {
  if (route.hops.size() > 1) return put_multipath(buffer, route, index);
  if (route.hops.empty()) return;
  const NextHop& hop = route.hops.front();
  if (hop.via) put_gateway(buffer, *hop.via, route.destination.is_v4());
  if (!hop.device.empty()) buffer.put(RTA_OIF, index(hop.device));
}

void put_metrics(Buffer& buffer, const RouteMetrics& metrics) {
  if (metrics == RouteMetrics{}) return;
  Nest nest{buffer, RTA_METRICS};
  const auto put = [&](int type, const std::optional<std::uint32_t>& value) {
    if (value) buffer.put(type, *value);
  };
  if (metrics.mtu_locked) buffer.put(RTAX_LOCK, std::uint32_t{1U << RTAX_MTU});
  put(RTAX_MTU, metrics.mtu);
  put(RTAX_ADVMSS, metrics.advertised_mss);
  put(RTAX_HOPLIMIT, metrics.hop_limit);
  put(RTAX_INITCWND, metrics.initial_congestion_window);
  put(RTAX_INITRWND, metrics.initial_receive_window);
  if (!metrics.congestion_control.empty()) buffer.put_text(RTAX_CC_ALGO, metrics.congestion_control);
}

rtmsg header_of(const Route& route, int type) {
  rtmsg header{};
  header.rtm_family = route.destination.is_v4() ? AF_INET : AF_INET6;
  header.rtm_dst_len = static_cast<std::uint8_t>(route.destination.length());
  header.rtm_tos = route.tos;
  header.rtm_table = static_cast<std::uint8_t>(route.table < 256 ? route.table : RT_TABLE_UNSPEC);
  // As `ip route del`: whoever made it, unless the request says who.
  const bool any_maker = type == RTM_DELROUTE && route.protocol == RouteProtocol::boot;
  header.rtm_protocol = any_maker ? std::uint8_t{RTPROT_UNSPEC} : static_cast<std::uint8_t>(route.protocol);
  header.rtm_scope = static_cast<std::uint8_t>(route.scope.value_or(default_scope(route, type)));
  header.rtm_type = static_cast<std::uint8_t>(route.type);
  if (route.source) header.rtm_src_len = static_cast<std::uint8_t>(route.source->length());
  if (route.hops.size() == 1 && route.hops.front().onlink) header.rtm_flags |= RTNH_F_ONLINK;
  return header;
}

}  // namespace

void encode_route(Buffer& buffer, int type, int flags, const Route& route, Resolver& index) {
  Message message{buffer, type, flags | NLM_F_ACK, header_of(route, type)};
  if (const IpAddress network = route.destination.address(); route.destination.length() != 0) {
    buffer.put_bytes(RTA_DST, network.bytes());
  }
  if (route.source) {
    const IpAddress source = route.source->address();
    buffer.put_bytes(RTA_SRC, source.bytes());
  }
  if (route.table >= 256) buffer.put(RTA_TABLE, route.table);
  put_hops(buffer, route, index);
  if (route.preferred_source) buffer.put_bytes(RTA_PREFSRC, route.preferred_source->bytes());
  if (route.metric) buffer.put(RTA_PRIORITY, *route.metric);
  if (route.expires) buffer.put(RTA_EXPIRES, *route.expires);
  if (route.preference) buffer.put(RTA_PREF, *route.preference);
  put_metrics(buffer, route.metrics);
}

void encode_dump(Buffer& buffer, AddressFamily family, const RouteFilter& filter, Resolver& index) {
  rtmsg header{};
  header.rtm_family = family == AddressFamily::ipv4 ? AF_INET : AF_INET6;
  if (filter.protocol) header.rtm_protocol = static_cast<std::uint8_t>(*filter.protocol);
  if (filter.type) header.rtm_type = static_cast<std::uint8_t>(*filter.type);
  Message message{buffer, RTM_GETROUTE, NLM_F_DUMP, header};
  if (filter.table) buffer.put(RTA_TABLE, *filter.table);
  if (!filter.device.empty()) buffer.put(RTA_OIF, index(filter.device));
}

void encode_lookup(Buffer& buffer, const RouteQuery& query, Resolver& index) {
  rtmsg header{};
  header.rtm_family = family_of(query.destination);
  header.rtm_dst_len = static_cast<std::uint8_t>(query.destination.bytes().size() * 8);
  if (query.source) header.rtm_src_len = static_cast<std::uint8_t>(query.source->bytes().size() * 8);
  // IPv4 says `main` for every table unless asked for the one that answered; IPv6 says it anyway and refuses the flag.
  if (query.destination.is_v4()) header.rtm_flags = RTM_F_LOOKUP_TABLE;
  Message message{buffer, RTM_GETROUTE, 0, header};
  buffer.put_bytes(RTA_DST, query.destination.bytes());
  if (query.source) buffer.put_bytes(RTA_SRC, query.source->bytes());
  if (!query.incoming.empty()) buffer.put(RTA_IIF, index(query.incoming));
  if (!query.outgoing.empty()) buffer.put(RTA_OIF, index(query.outgoing));
  if (query.mark) buffer.put(RTA_MARK, *query.mark);
}

}  // namespace netrig::netlink::codec
