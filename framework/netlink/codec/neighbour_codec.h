// Neighbours and forwarding databases to and from netlink messages: both are RTM_*NEIGH, of an IP family or of
// AF_BRIDGE.
#pragma once

#include <netrig/netlink/codec/message.h>
#include <netrig/netlink/codec/resolver.h>
#include <netrig/netlink/fdb.h>
#include <netrig/netlink/neighbour.h>

#include <optional>
#include <string>

namespace netrig::netlink::codec {

/// `type` is RTM_NEWNEIGH or RTM_DELNEIGH; `flags` what to do when there is one already (NLM_F_CREATE, ...).
void encode_neighbour(Buffer& buffer, int type, int flags, const Neighbour& neighbour, Resolver& index);
void encode_fdb(Buffer& buffer, int type, int flags, const FdbEntry& entry, Resolver& index);
void encode_dump(Buffer& buffer, const NeighbourFilter& filter, Resolver& index);
void encode_dump(Buffer& buffer, const FdbFilter& filter, Resolver& index);

/// From an RTM_NEWNEIGH or RTM_DELNEIGH, of the kernel or a request; devices' names are not filled in. nullopt:
/// malformed, or of another family.
std::optional<Neighbour> decode_neighbour(const nlmsghdr* message);
std::optional<FdbEntry> decode_fdb(const nlmsghdr* message);
/// What a request asks: `neighbour 10.0.0.2 dev eth0 lladdr ...`, `fdb 02:00:00:00:00:01 dev veth0 master`.
std::string describe_neighbour(const nlmsghdr* message, DeviceNames& names);

}  // namespace netrig::netlink::codec
