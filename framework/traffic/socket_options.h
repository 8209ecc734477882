// Options that TCP and UDP loads share. Private to the module.
#pragma once

#include <netrig/base/result.h>
#include <netrig/net/units.h>

#include <string>

namespace netrig::traffic {

/// SO_SNDBUF or SO_RCVBUF. An error where the kernel gives less than asked for. `name`: of the load's member.
Result<void> set_buffer(int fd, int option, ByteCount wanted, const std::string& name, const std::string& side);
/// The DSCP (RFC 2474) of what `fd` sends, 0 to 63.
Result<void> set_dscp(int fd, unsigned dscp, const std::string& side);

}  // namespace netrig::traffic
