// TUN and TAP devices: a link whose far end is a program that holds a file descriptor.
//
//   auto tap = NETRIG_TRY(open_tun({.name = tap0, .kind = TunSpec::Kind::tap}));   // read() gives the frames sent on
//   tap0
#pragma once

#include <netrig/base/result.h>
#include <netrig/base/unique_fd.h>
#include <netrig/net/interface_name.h>

#include <cstdint>

namespace netrig::netlink {

struct TunSpec {
  enum class Kind : std::uint8_t { tun, tap };  ///< IP packets, Ethernet frames
  InterfaceName name;
  Kind kind = Kind::tun;
  bool packet_information = false;  ///< each packet led by 4 bytes of flags and protocol
  bool persistent = false;          ///< the link outlives the fd, until its namespace ends
};

/// Makes the device in the calling thread's network namespace and gives its other side, non-blocking. The link is gone
/// when the fd is closed. An error names /dev/net/tun where it is missing or not permitted (an ordinary user often may
/// not open it).
Result<UniqueFd> open_tun(const TunSpec& spec);

}  // namespace netrig::netlink
