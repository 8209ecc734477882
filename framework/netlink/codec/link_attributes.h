// A link's attributes, with those that libc's linux/if_link.h is too old for. Private to the module.
#pragma once

#include <netrig/netlink/codec/attributes.h>

#include <linux/if_link.h>

namespace netrig::netlink::codec {

// linux/if_link.h of Linux 6.3.
inline constexpr int kGsoIpv4MaxSize = 63;
inline constexpr int kGroIpv4MaxSize = 64;

using LinkAttributes = Attributes<(IFLA_MAX > kGroIpv4MaxSize ? IFLA_MAX : kGroIpv4MaxSize)>;

}  // namespace netrig::netlink::codec
