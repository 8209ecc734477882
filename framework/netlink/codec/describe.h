// What a request says, in the words of the command that does the same. Made from the request's bytes, so that it costs
// nothing unless a request fails.
#pragma once

#include <netrig/base/error.h>

#include <string>

#include <linux/netlink.h>

namespace netrig::netlink::codec {

class DeviceNames;

/// `add address 10.0.0.1/24 dev eth0`, `set link eth0 up`, `list routes`.
std::string describe(const nlmsghdr* request, DeviceNames& names);

/// An errno of the kernel's for `request`, with its reason in words (extended acknowledgement), and the remedy where
/// one is known.
Error describe_failure(const nlmsghdr* request, int code, std::string reason, std::string label, DeviceNames& names);

/// The errno in an NLMSG_ERROR or NLMSG_DONE, positive; 0: an acknowledgement.
int error_code(const nlmsghdr* answer);
/// The extended acknowledgement's text in an NLMSG_ERROR or NLMSG_DONE; empty where there is none.
std::string extended_text(const nlmsghdr* answer);

}  // namespace netrig::netlink::codec
