// Namespace ids to and from netlink messages (linux/net_namespace.h).
#pragma once

#include <netrig/netlink/codec/message.h>
#include <netrig/netlink/codec/resolver.h>
#include <netrig/netlink/namespace_id.h>

#include <cstdint>
#include <optional>

namespace netrig::netlink::codec {

/// `type` is RTM_NEWNSID. No device is named, so the resolver is not asked.
void encode_namespace_id(Buffer& buffer, int type, int flags, const NamespaceId& id, Resolver& index);
void encode_get_namespace_id(Buffer& buffer, int netns);
/// nullopt: the namespace has no id.
std::optional<std::int32_t> decode_namespace_id(const nlmsghdr* message);

}  // namespace netrig::netlink::codec
