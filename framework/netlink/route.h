// Routes, and which of them an address takes.
//
//   batch.add(Route{.destination = *IpPrefix::parse("10.2.0.0/24"), .hops = {{.via = gateway}}});
//   Route taken = NETRIG_TRY(lookup_route(socket, {.destination = *IpAddress::parse("10.2.0.9")}));
//   std::cout << taken;                     // 10.2.0.9 via 10.0.0.1 dev eth0 src 10.0.0.2 uid 0
#pragma once

#include <netrig/net/ip_address.h>
#include <netrig/net/ip_prefix.h>
#include <netrig/netlink/address.h>
#include <netrig/netlink/device.h>

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace netrig::netlink {

/// What happens to a packet that takes the route (ip-route(8)).
enum class RouteType : std::uint8_t {
  unspecified,
  unicast,
  local,
  broadcast,
  anycast,
  multicast,
  blackhole,
  unreachable,
  prohibit,
  throw_,
  nat,
};

/// Who made the route (RTPROT_*); other numbers print as numbers.
enum class RouteProtocol : std::uint8_t {
  unspecified = 0,
  redirect = 1,
  kernel = 2,
  boot = 3,
  static_ = 4,
  ra = 9,
  dhcp = 16
};

constexpr std::uint32_t kDefaultTable = 253, kMainTable = 254, kLocalTable = 255;

/// One way on. A Route with several is multipath.
struct NextHop {
  std::optional<IpAddress> via = {};     ///< may be an IPv6 address for an IPv4 route (RFC 5549)
  Device device = {};                    ///< may be left out when `via` says it
  std::uint32_t weight = 1;              ///< 1..256
  bool onlink = false;                   ///< `via` counts as reachable on `device` although no prefix says so
  bool dead = false, link_down = false;  ///< seen in dumps
  friend bool operator==(const NextHop&, const NextHop&) = default;
};

/// Per-route settings (ip-route(8)); not given: the protocol's own.
struct RouteMetrics {
  std::optional<std::uint32_t> mtu = {}, advertised_mss = {}, hop_limit = {};
  std::optional<std::uint32_t> initial_congestion_window = {}, initial_receive_window = {};
  bool mtu_locked = false;              ///< `mtu lock`: path MTU discovery does not lower it
  std::string congestion_control = {};  ///< of TCP connections that take the route
  friend bool operator==(const RouteMetrics&, const RouteMetrics&) = default;
};

/// A route: a request, or what a dump gave.
struct Route {
  IpPrefix destination;  ///< 0.0.0.0/0 and ::/0 are the default routes
  RouteType type = RouteType::unicast;
  std::vector<NextHop> hops = {};  ///< none for blackhole and its like
  std::uint32_t table = kMainTable;
  RouteProtocol protocol = RouteProtocol::boot;  ///< as `ip route add` has it; in a removal this one means anybody's
  std::optional<Scope> scope = {};               ///< not given: what `ip` would choose (link without a gateway, ...)
  std::optional<std::uint32_t> metric = {};
  std::optional<IpAddress> preferred_source = {};
  std::optional<IpPrefix> source = {};  ///< IPv6 source-specific routes
  RouteMetrics metrics = {};
  std::uint8_t tos = 0;
  std::optional<std::int32_t> expires = {};     ///< seconds left; seen in dumps
  std::optional<std::uint8_t> preference = {};  ///< IPv6 router preference: 0 medium, 1 high, 3 low; seen in dumps
  // Seen in the answer of a lookup:
  bool cloned = false;  ///< the answer to one address, not the entry of the table
  Device incoming = {};
  std::optional<std::uint32_t> mark = {}, uid = {};
  std::int32_t error = 0;  ///< of an unreachable or prohibit route: what a sender sees, negative errno

  /// As `ip route show table all` prints it: `default via 10.0.0.1 dev eth0`; a line of its own for each hop of
  /// several.
  [[nodiscard]] std::string to_string() const;
  friend bool operator==(const Route&, const Route&) = default;
};

std::ostream& operator<<(std::ostream& out, const Route& route);

/// Which routes a dump gives.
struct RouteFilter {
  std::optional<AddressFamily> family = {};         ///< not given: both
  std::optional<std::uint32_t> table = kMainTable;  ///< as `ip route`; nullopt: every table
  Device device = {};
  std::optional<RouteProtocol> protocol = {};
  std::optional<RouteType> type = {};
};

/// All routes of the socket's namespace that `filter` lets through, in the kernel's order, IPv4 first.
Result<std::vector<Route>> dump_routes(Socket& socket, const RouteFilter& filter = {});

/// What to look up: a packet that would be sent, or (with `incoming`) was received.
struct RouteQuery {
  IpAddress destination;
  std::optional<IpAddress> source = {};
  Device outgoing = {}, incoming = {};
  std::optional<std::uint32_t> mark = {};
};

/// The route that a packet takes (`ip route get`). ENETUNREACH where there is none, EHOSTUNREACH, EACCES or EINVAL
/// where an unreachable, prohibit or blackhole route answers.
Result<Route> lookup_route(Socket& socket, const RouteQuery& query);

/// `main`, `local`, `default`, or the number.
std::string table_name(std::uint32_t table);

}  // namespace netrig::netlink
