// Multicast databases to and from netlink messages.
#pragma once

#include <netrig/netlink/codec/message.h>
#include <netrig/netlink/codec/resolver.h>
#include <netrig/netlink/mdb.h>

#include <string>
#include <vector>

namespace netrig::netlink::codec {

/// `type` is RTM_NEWMDB or RTM_DELMDB; `flags` what to do when there is one already (NLM_F_CREATE, ...).
void encode_mdb(Buffer& buffer, int type, int flags, const MdbEntry& entry, Resolver& index);
void encode_mdb_dump(Buffer& buffer);

/// The entries in an RTM_GETMDB answer, which holds those of a whole bridge; devices' names are not filled in.
std::vector<MdbEntry> decode_mdb(const nlmsghdr* message);
/// What a request asks: `mdb dev br0 port veth0 grp 239.1.1.1 permanent`.
std::string describe_mdb(const nlmsghdr* message, DeviceNames& names);

}  // namespace netrig::netlink::codec
