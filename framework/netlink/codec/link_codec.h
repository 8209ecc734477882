// Links to and from netlink messages.
#pragma once

#include <netrig/netlink/codec/message.h>
#include <netrig/netlink/codec/resolver.h>
#include <netrig/netlink/link.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace netrig::netlink::codec {

void encode_add(Buffer& buffer, const LinkSpec& link, const LinkKind& kind, Resolver& index);
/// One message, or two where the kernel would carry out a single one in the wrong order.
void encode_change(Buffer& buffer, const LinkChange& change, Resolver& index);
void encode_remove(Buffer& buffer, const Device& device);
void encode_remove_link_group(Buffer& buffer, std::uint32_t group);
void encode_get(Buffer& buffer, const Device& device);
/// A get that asks for an acknowledgement after its answer, so that it can travel in a batch, and for as little else as
/// possible.
void encode_settle(Buffer& buffer, const Device& device);
void encode_dump(Buffer& buffer, const LinkFilter& filter, Resolver& index);

/// A request that the kernel refuses with EOPNOTSUPP when it does not know `kind`, and for its impossible number of
/// queues when it does: no device is made either way.
void encode_probe(Buffer& buffer, std::string_view kind);

/// From an RTM_NEWLINK or RTM_DELLINK of the kernel; device names of others are not filled in. nullopt: malformed.
std::optional<Link> decode_link(const nlmsghdr* message);
/// What a request for a link asks, as `ip link` would be told: `link veth0 type veth peer name eth0`.
std::string describe_link(const nlmsghdr* message, DeviceNames& names);

}  // namespace netrig::netlink::codec
