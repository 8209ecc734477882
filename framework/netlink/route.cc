#include <netrig/netlink/codec/route_codec.h>
#include <netrig/netlink/route.h>
#include <netrig/netlink/transport.h>
#include <netrig/netlink/words.h>

#include <fmt/format.h>

#include <cerrno>
#include <iterator>
#include <ostream>

namespace netrig::netlink {
namespace {

std::string gateway_words(const IpAddress& gateway, bool route_is_v4) {
  if (gateway.is_v4() == route_is_v4) return "via " + gateway.to_string();
  return fmt::format("via {} {}", gateway.is_v4() ? "inet" : "inet6", gateway.to_string());
}

void say_hop(Sentence& text, const NextHop& hop, bool route_is_v4) {
  if (hop.via) text.say(gateway_words(*hop.via, route_is_v4));
  if (!hop.device.empty()) text.say("dev " + hop.device.to_string());
}

void say_hop_flags(Sentence& text, const NextHop& hop) {
  text.say_if(hop.dead, "dead").say_if(hop.onlink, "onlink").say_if(hop.link_down, "linkdown");
}

void say_metrics(Sentence& text, const RouteMetrics& metrics) {
  text.say(metrics.mtu_locked ? "mtu lock" : "mtu", metrics.mtu).say("advmss", metrics.advertised_mss);
  text.say("hoplimit", metrics.hop_limit).say("initcwnd", metrics.initial_congestion_window);
  text.say("initrwnd", metrics.initial_receive_window);
  if (!metrics.congestion_control.empty()) text.say("congctl " + metrics.congestion_control);
}

/// What `ip route` prints of an entry of a table, and leaves out of the answer to a lookup.
void say_origin(Sentence& text, const Route& route) {
  if (route.cloned) return;
  if (route.table != kMainTable) text.say("table " + table_name(route.table));
  if (route.protocol != RouteProtocol::boot) text.say("proto " + protocol_word(route.protocol));
  if (route.scope && *route.scope != Scope::global) text.say("scope " + scope_word(*route.scope));
}

std::string preference_word(std::uint8_t preference) {
  switch (preference) {
    case 0:
      return "medium";
    case 1:
      return "high";
    case 3:
      return "low";
    default:
      return std::to_string(preference);
  }
}

}  // namespace

std::string table_name(std::uint32_t table) {
  switch (table) {
    case kDefaultTable:
      return "default";
    case kMainTable:
      return "main";
    case kLocalTable:
      return "local";
    default:
      return std::to_string(table);
  }
}

std::string Route::to_string() const {
  const bool is_v4 = destination.is_v4();
  const bool single = hops.size() == 1;
  Sentence text;
  if (type != RouteType::unicast) text.say(type_word(type));
  text.say(destination.length() == 0 ? "default" : short_prefix(destination));
  if (source) text.say("from " + (source->length() == 128 ? source->address().to_string() : source->to_string()));
  if (tos != 0) text.say(fmt::format("tos {:#04x}", tos));
  if (single) say_hop(text, hops.front(), is_v4);
  say_origin(text, *this);
  text.say("src", preferred_source).say("metric", metric);
  if (single) say_hop_flags(text, hops.front());
  if (mark) text.say(fmt::format("mark {:#x}", *mark));
  text.say("uid", uid);
  if (expires) text.say(fmt::format("expires {}sec", *expires));
  if (error != 0) text.say(fmt::format("error {}", error));
  say_metrics(text, metrics);
  if (!incoming.empty()) text.say("iif " + incoming.to_string());
  if (preference) text.say("pref " + preference_word(*preference));
  if (single) return text.take();
  for (const NextHop& hop : hops) {
    text.raw("\n\t").say("nexthop");
    say_hop(text, hop, is_v4);
    text.say(fmt::format("weight {}", hop.weight));
    say_hop_flags(text, hop);
  }
  return text.take();
}

std::ostream& operator<<(std::ostream& out, const Route& route) { return out << route.to_string(); }

Result<std::vector<Route>> dump_routes(Socket& socket, const RouteFilter& filter) {
  std::vector<Route> routes;
  for (const AddressFamily family : kAddressFamilies) {
    if (filter.family && *filter.family != family) continue;
    codec::Buffer buffer;
    codec::Resolver index{socket.fd(), buffer};
    codec::encode_dump(buffer, family, filter, index);
    if (!index.missing().empty()) {
      return fail(Error::from_errno("list routes dev " + index.missing().to_string(), socket.label(), ENODEV));
    }
    auto some = dump<Route>(socket, buffer, codec::decode_route);
    // The kernel makes a table when its first route is added; the families it was built without have none.
    if (!some && (some.error().code == ENOENT || some.error().code == EOPNOTSUPP)) continue;
    if (!some) return some;
    std::ranges::move(*some, std::back_inserter(routes));
  }
  codec::DeviceNames names{socket.fd()};
  for (Route& route : routes) codec::fill_names(route, names);
  return routes;
}

Result<Route> lookup_route(Socket& socket, const RouteQuery& query_for) {
  codec::Buffer buffer;
  codec::Resolver index{socket.fd(), buffer};
  codec::encode_lookup(buffer, query_for, index);
  const std::string operation = "get route to " + query_for.destination.to_string();
  if (!index.missing().empty()) {
    return fail(Error::from_errno(operation, socket.label(), ENODEV, "no link " + index.missing().to_string()));
  }
  std::optional<Route> route;
  NETRIG_TRY(query(socket, buffer, [&](const nlmsghdr* answer) { route = codec::decode_route(answer); }));
  if (!route) return fail(Error::invalid(operation, socket.label(), "the answer is malformed"));
  codec::DeviceNames names{socket.fd()};
  codec::fill_names(*route, names);
  return *std::move(route);
}

}  // namespace netrig::netlink
