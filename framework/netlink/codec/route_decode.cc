#include <netrig/netlink/codec/attributes.h>
#include <netrig/netlink/codec/route_codec.h>

#include <sys/socket.h>

#include <linux/rtnetlink.h>

namespace netrig::netlink::codec {
namespace {

/// RTA_GATEWAY, or RTA_VIA: a family in 16 bits, then the address.
std::optional<IpAddress> read_gateway(int family, const nlattr* gateway, const nlattr* via) {
  if (gateway != nullptr) return read_ip(family, gateway);
  const auto bytes = read_bytes(via);
  constexpr std::size_t kFamilySize = sizeof(std::uint16_t);
  return bytes.size() < kFamilySize ? std::nullopt : IpAddress::from_bytes(bytes.subspan(kFamilySize));
}

void set_flags(NextHop& hop, unsigned flags) {
  hop.onlink = (flags & RTNH_F_ONLINK) != 0;
  hop.dead = (flags & RTNH_F_DEAD) != 0;
  hop.link_down = (flags & RTNH_F_LINKDOWN) != 0;
}

std::vector<NextHop> read_multipath(int family, const nlattr* attribute) {
  std::vector<NextHop> hops;
  auto rest = read_bytes(attribute);
  rtnexthop header;
  while (rest.size() >= sizeof header) {
    std::memcpy(&header, rest.data(), sizeof header);
    if (header.rtnh_len < sizeof header || header.rtnh_len > rest.size()) break;
    nlattr* table[RTA_MAX + 1] = {};
    const auto* first = reinterpret_cast<const nlattr*>(rest.data() + sizeof header);
    nla_parse(table, RTA_MAX, const_cast<nlattr*>(first), static_cast<int>(header.rtnh_len - sizeof header), nullptr);
    NextHop hop{.via = read_gateway(family, table[RTA_GATEWAY], table[RTA_VIA]),
                .device = {.index = static_cast<std::uint32_t>(header.rtnh_ifindex)},
                .weight = header.rtnh_hops + 1U};
    set_flags(hop, header.rtnh_flags);
    hops.push_back(hop);
    rest = rest.subspan(std::min<std::size_t>(RTNH_ALIGN(header.rtnh_len), rest.size()));
  }
  return hops;
}

std::vector<NextHop> read_hops(const rtmsg& header, const Attributes<RTA_MAX>& attributes) {
  if (attributes.has(RTA_MULTIPATH)) return read_multipath(header.rtm_family, attributes[RTA_MULTIPATH]);
  NextHop hop{.via = read_gateway(header.rtm_family, attributes[RTA_GATEWAY], attributes[RTA_VIA]),
              .device = {.index = attributes.u32(RTA_OIF).value_or(0)}};
  if (!hop.via && hop.device.index == 0) return {};
  set_flags(hop, header.rtm_flags);
  return {hop};
}

RouteMetrics read_metrics(const nlattr* nest) {
  const Attributes<RTAX_MAX> attributes{nest};
  return {.mtu = attributes.u32(RTAX_MTU),
          .advertised_mss = attributes.u32(RTAX_ADVMSS),
          .hop_limit = attributes.u32(RTAX_HOPLIMIT),
          .initial_congestion_window = attributes.u32(RTAX_INITCWND),
          .initial_receive_window = attributes.u32(RTAX_INITRWND),
          .mtu_locked = (attributes.u32(RTAX_LOCK).value_or(0) & (1U << RTAX_MTU)) != 0,
          .congestion_control = attributes.text(RTAX_CC_ALGO)};
}

void read_cache(Route& route, const rtmsg& header, const Attributes<RTA_MAX>& attributes) {
  route.cloned = (header.rtm_flags & RTM_F_CLONED) != 0;
  route.incoming.index = attributes.u32(RTA_IIF).value_or(0);
  route.mark = attributes.u32(RTA_MARK);
  route.uid = attributes.u32(RTA_UID);
  if (const auto seconds = attributes.u32(RTA_EXPIRES)) route.expires = static_cast<std::int32_t>(*seconds);
  if (!attributes.has(RTA_CACHEINFO)) return;
  const auto cache = read_struct<rta_cacheinfo>(attributes[RTA_CACHEINFO]);
  // In units of USER_HZ, which is 100 everywhere.
  if (cache.rta_expires != 0) route.expires = cache.rta_expires / 100;
  route.error = static_cast<std::int32_t>(cache.rta_error);
}

}  // namespace

std::optional<Route> decode_route(const nlmsghdr* message) {
  const Attributes<RTA_MAX> attributes{message, sizeof(rtmsg)};
  const auto header = read_header<rtmsg>(message);
  if (!attributes.valid() || (header.rtm_family != AF_INET && header.rtm_family != AF_INET6)) return std::nullopt;
  const auto destination = read_prefix(header.rtm_family, attributes[RTA_DST], header.rtm_dst_len);
  if (!destination) return std::nullopt;
  Route route{.destination = *destination,
              .type = RouteType{header.rtm_type},
              .hops = read_hops(header, attributes),
              .table = attributes.u32(RTA_TABLE).value_or(header.rtm_table),
              .protocol = RouteProtocol{header.rtm_protocol},
              .scope = Scope{header.rtm_scope},
              .metric = attributes.u32(RTA_PRIORITY),
              .preferred_source = read_ip(header.rtm_family, attributes[RTA_PREFSRC]),
              .metrics = read_metrics(attributes[RTA_METRICS]),
              .tos = header.rtm_tos,
              .preference = attributes.u8(RTA_PREF)};
  if (header.rtm_src_len != 0) route.source = read_prefix(header.rtm_family, attributes[RTA_SRC], header.rtm_src_len);
  read_cache(route, header, attributes);
  return route;
}

void fill_names(Route& route, DeviceNames& names) {
  for (NextHop& hop : route.hops) names.fill(hop.device);
  names.fill(route.incoming);
}

std::string describe_route(const nlmsghdr* message, DeviceNames& names) {
  auto route = decode_route(message);
  if (!route) return "route";
  fill_names(*route, names);
  // A command says neither what it takes for granted nor what only an answer has.
  if (route->protocol == RouteProtocol::unspecified) route->protocol = RouteProtocol::boot;
  if (route->type == RouteType::unspecified) route->type = RouteType::unicast;
  if (route->table == RT_TABLE_UNSPEC) route->table = kMainTable;
  route->scope = std::nullopt;
  return "route " + route->to_string();
}

}  // namespace netrig::netlink::codec
