// Kinds of devices and their options, as IFLA_LINKINFO carries them.
#pragma once

#include <netrig/netlink/codec/message.h>
#include <netrig/netlink/codec/resolver.h>
#include <netrig/netlink/link.h>
#include <netrig/netlink/link_kind.h>

#include <cstdint>
#include <optional>
#include <string>

struct nlattr;

namespace netrig::netlink::codec {

/// What LinkSpec says, as attributes (the fixed header, IFF_UP and the index excepted).
void put_spec(Buffer& buffer, const LinkSpec& spec, Resolver& index);
/// Appends IFLA_LINKINFO with kind and options, and IFLA_LINK where the kind lies on another device.
void put_kind(Buffer& buffer, const LinkKind& kind, Resolver& index);
/// Appends IFLA_LINKINFO with the options of a bridge's port.
void put_port(Buffer& buffer, const BridgePort& port);

/// The options in `info` (IFLA_LINKINFO); `lower` is IFLA_LINK. nullopt for kinds without an alternative in LinkKind.
/// A veth's is known only in requests: its peer is not in what the kernel reports.
std::optional<LinkKind> read_kind(const nlattr* info, std::uint32_t lower);
/// The options of a bridge's port in `info`; nullopt when it is none.
std::optional<BridgePort> read_port(const nlattr* info);
/// `type bridge stp_state 1 mcast_snooping 0`, as `ip link add` takes it.
std::string describe_kind(const LinkKind& kind);
/// `type bridge_slave hairpin on`, as `ip link set` takes it.
std::string describe_port(const BridgePort& port);

}  // namespace netrig::netlink::codec
