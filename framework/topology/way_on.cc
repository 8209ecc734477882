#include <netrig/topology/plan.h>
#include <netrig/topology/way_on.h>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

namespace netrig {
inline namespace topology {

namespace {

bool is_address_of(const Snapshot& node, const IpAddress& address) {
  return std::ranges::any_of(node.addresses, [&](const auto& own) { return own.local.address() == address; });
}

Result<netlink::Route> looked_up(const Node& node, const netlink::RouteQuery& query) {
  return node.netlink([&](netlink::Socket& socket) { return netlink::lookup_route(socket, query); });
}

// The kernel takes as source of what it sends none but its own addresses.
netlink::RouteQuery query_of(const Snapshot& now, const Transit& packet) {
  netlink::RouteQuery query{.destination = packet.destination};
  if (!packet.incoming.empty()) {
    query.incoming.name = value_or_throw(InterfaceName::parse(packet.incoming));
    query.source = packet.source;
  } else if (packet.source && is_address_of(now, *packet.source)) {
    query.source = packet.source;
  }
  return query;
}

std::string_view family_name(AddressFamily family) { return family == AddressFamily::ipv4 ? "IPv4" : "IPv6"; }

std::string_view forwarding_setting(AddressFamily family) {
  return family == AddressFamily::ipv4 ? "net.ipv4.ip_forward" : "net.ipv6.conf.all.forwarding";
}

std::optional<Refusal> not_forwarded(const Node& node, const Snapshot& now, const Transit& packet) {
  const auto family = packet.destination.family();
  if (now.forwards(family, packet.incoming)) return std::nullopt;
  if (!now.forwards(family)) {
    return Refusal{Verdict::not_forwarded, fmt::format("{} does not forward {}: {} is 0", in_quotes(node),
                                                       family_name(family), forwarding_setting(family))};
  }
  return Refusal{Verdict::not_forwarded,
                 fmt::format("{} does not forward {} that comes in by {}: net.ipv4.conf.{}.forwarding is 0",
                             in_quotes(node), family_name(family), packet.incoming, packet.incoming)};
}

// The reverse-path filter at work on a packet: ip-sysctl.rst, rp_filter.
struct ReversePath {
  int all = 0, own = 0;                  // settings; the greater one counts
  std::optional<std::string> back = {};  // the interface that the route to the source leads through, if there is one

  [[nodiscard]] int mode() const { return std::max(all, own); }
  [[nodiscard]] bool strict() const { return mode() == 1; }
};

ReversePath reverse_path(const Node& node, const Snapshot& now, const Transit& packet) {
  ReversePath filter{.all = now.number("net.ipv4.conf.all.rp_filter"), .own = now.reverse_path_filter(packet.incoming)};
  const auto route = looked_up(node, {.destination = *packet.source});
  if (route && !route->hops.empty()) filter.back = route->hops.front().device.to_string();
  return filter;
}

Refusal refusal_by(const ReversePath& filter, const Node& node, const Transit& packet) {
  const auto source = packet.source->to_string();
  const auto leads = filter.back ? fmt::format("the route to {} leads through {}", source, *filter.back)
                                 : fmt::format("no route leads to {}", source);
  return {Verdict::reverse_path,
          fmt::format("{} refuses the source {} on {} {}: net.ipv4.conf.{}.rp_filter is {} ({}), and "
                      "{}; route {} through {}, or set rp_filter of both all and {} to {}",
                      in_quotes(node), source, packet.incoming, kReversePathFilter,
                      filter.all == filter.mode() ? "all" : packet.incoming, filter.mode(),
                      filter.strict() ? "strict" : "loose", leads, source,
                      filter.strict() ? packet.incoming : "any interface", packet.incoming,
                      filter.strict() ? "2 (loose) or 0 (off)" : "0 (off)")};
}

// What a lookup's error says of the source. EXDEV is the filter's own; of later kernels (6.14) every refusal is EINVAL.
std::optional<Refusal> refused_source_by(int error, const Node& node, const Snapshot& now, const Transit& packet) {
  const bool asked = !packet.incoming.empty() && packet.source && packet.source->is_v4();
  if (!asked || (error != EXDEV && error != EINVAL)) return std::nullopt;
  if (error == EINVAL && is_address_of(now, *packet.source)) {
    return Refusal{Verdict::reverse_path,
                   fmt::format("{} refuses the source {} on {}: the address is its own (martian source), which it "
                               "takes only where accept_local of all or {} is 1",
                               in_quotes(node), packet.source->to_string(), packet.incoming, packet.incoming)};
  }
  const auto filter = reverse_path(node, now, packet);
  const bool fits = filter.mode() != 0 && (filter.strict() ? filter.back != packet.incoming : !filter.back);
  if (error == EXDEV || fits) return refusal_by(filter, node, packet);
  return std::nullopt;
}

// The blackhole, unreachable or prohibit route that the destination meets: a lookup gives only its error.
std::optional<netlink::Route> refusing_route(const Snapshot& now, const IpAddress& destination) {
  std::optional<netlink::Route> longest;
  for (const auto& route : now.routes) {
    if (route.type == netlink::RouteType::unicast || !route.destination.contains(destination)) continue;
    if (!longest || route.destination.length() > longest->destination.length()) longest = route;
  }
  return longest;
}

// A route is gone because its link is down: the planned interface that held the destination, or a gateway.
std::optional<std::string> down_link_towards(const Node& node, const Snapshot& now, const IpAddress& destination) {
  const auto& plan = node.plan();
  for (const auto& interface : plan.interfaces) {
    const auto* link = now.find_link(interface.name.view());
    if (link == nullptr || link->up()) continue;
    const bool holds =
        std::ranges::any_of(interface.addresses, [&](const auto& own) { return own.prefix().contains(destination); });
    const bool leads = std::ranges::any_of(plan.routes, [&](const auto& route) {
      return plan.interfaces[route.interface].name == interface.name && route.destination.contains(destination);
    });
    if (holds || leads) return fmt::format("{} {} is down", in_quotes(node), interface.name.view());
  }
  return std::nullopt;
}

std::string closed_route(const Node& node, const IpAddress& destination, const netlink::Route& route) {
  return fmt::format("the route of {} to {} lets nothing through: {}", in_quotes(node), destination.to_string(),
                     route.to_string());
}

// `from 10.0.1.2 in by eth0`, where a packet from elsewhere would find a way: rules decide.
std::string by_rules(const Node& node, const Transit& packet) {
  if (!packet.source) return {};
  const auto others = looked_up(node, {.destination = packet.destination});
  if (!others || others->type != netlink::RouteType::unicast) return {};
  const auto in_by = packet.incoming.empty() ? "" : " in by " + packet.incoming;
  return fmt::format(" from {}{} (another source finds one: see `ip rule`)", packet.source->to_string(), in_by);
}

Refusal no_way(int error, const Node& node, const Snapshot& now, const Transit& packet) {
  const auto& destination = packet.destination;
  if (const auto dead = down_link_towards(node, now, destination)) return {Verdict::link_down, *dead};
  if (error == ENETUNREACH) {
    return {Verdict::no_route,
            fmt::format("{} has no route to {}{}", in_quotes(node), destination.to_string(), by_rules(node, packet))};
  }
  if (const auto refusing = refusing_route(now, destination))
    return {Verdict::no_route, closed_route(node, destination, *refusing)};
  return {Verdict::no_route, fmt::format("the routes of {} refuse {}{}: {}", in_quotes(node), destination.to_string(),
                                         by_rules(node, packet), describe_errno(error))};
}

}  // namespace

WayOn way_on(const Node& node, const Snapshot& now, const Transit& packet) {
  if (!packet.incoming.empty()) {
    if (auto refusal = not_forwarded(node, now, packet)) return {.refusal = std::move(refusal)};
  }
  auto route = looked_up(node, query_of(now, packet));
  if (!route) {
    auto refusal = refused_source_by(route.error().code, node, now, packet);
    return {.refusal = refusal ? std::move(refusal) : no_way(route.error().code, node, now, packet)};
  }
  if (route->type == netlink::RouteType::unicast && !route->hops.empty()) return {.route = *std::move(route)};
  return {.refusal = Refusal{Verdict::no_route, closed_route(node, packet.destination, *route)}};
}

std::optional<Refusal> refused_source(const Node& node, const Snapshot& now, const Transit& packet) {
  if (packet.incoming.empty() || !packet.destination.is_v4()) return std::nullopt;
  const auto route = looked_up(node, query_of(now, packet));
  return route ? std::nullopt : refused_source_by(route.error().code, node, now, packet);
}

}  // namespace topology
}  // namespace netrig
