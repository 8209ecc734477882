// Routes to and from netlink messages.
#pragma once

#include <netrig/netlink/codec/message.h>
#include <netrig/netlink/codec/resolver.h>
#include <netrig/netlink/route.h>

#include <optional>
#include <string>

namespace netrig::netlink::codec {

/// `type` is RTM_NEWROUTE or RTM_DELROUTE; `flags` what to do when there is one already (NLM_F_CREATE, ...).
void encode_route(Buffer& buffer, int type, int flags, const Route& route, Resolver& index);
/// A dump of one family. Device, protocol and type are filtered by the kernel, as is the table.
void encode_dump(Buffer& buffer, AddressFamily family, const RouteFilter& filter, Resolver& index);
void encode_lookup(Buffer& buffer, const RouteQuery& query, Resolver& index);

/// From an RTM_NEWROUTE or RTM_DELROUTE, of the kernel or a request; devices' names are not filled in. nullopt:
/// malformed, or of a family that is neither IPv4 nor IPv6.
std::optional<Route> decode_route(const nlmsghdr* message);
/// Fills in the names of every device that the route speaks of.
void fill_names(Route& route, DeviceNames& names);
/// What a request for a route asks: `route 10.0.2.0/24 via 10.0.1.1`.
std::string describe_route(const nlmsghdr* message, DeviceNames& names);

}  // namespace netrig::netlink::codec
