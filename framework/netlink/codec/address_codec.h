// Addresses to and from netlink messages.
#pragma once

#include <netrig/netlink/address.h>
#include <netrig/netlink/codec/message.h>
#include <netrig/netlink/codec/resolver.h>

#include <optional>
#include <string>

namespace netrig::netlink::codec {

/// `type` is RTM_NEWADDR or RTM_DELADDR; `flags` what to do when there is one already (NLM_F_CREATE, ...).
void encode_address(Buffer& buffer, int type, int flags, const Address& address, Resolver& index);
void encode_dump(Buffer& buffer, const AddressFilter& filter, Resolver& index);

/// From an RTM_NEWADDR or RTM_DELADDR, of the kernel or a request; the device's name is not filled in. nullopt:
/// malformed.
std::optional<Address> decode_address(const nlmsghdr* message);
/// What a request for an address asks: `address 10.0.0.1/24 dev eth0`.
std::string describe_address(const nlmsghdr* message, DeviceNames& names);

}  // namespace netrig::netlink::codec
