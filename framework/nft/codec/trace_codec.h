// Private to the module: the kernel's trace messages as values.
#pragma once

#include <netrig/nft/trace_event.h>

#include <cstdint>
#include <optional>

#include <linux/netlink.h>

namespace netrig::nft::codec {

/// The event of an NFT_MSG_TRACE message; nothing for a message of another kind.
std::optional<TraceEvent> decode_trace(const nlmsghdr* message);
/// The number of an NFT_MSG_NEWGEN message; nothing for a message of another kind.
std::optional<std::uint32_t> decode_generation(const nlmsghdr* message);

}  // namespace netrig::nft::codec
