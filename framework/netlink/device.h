// A network device as requests refer to it and as answers show it.
//
//   batch.add(Address{.device = {.index = 2}, .local = ...});          // most messages carry the index
//   batch.add(Address{.device = {.name = eth0}, .local = ...});        // a name is looked up when the request is added
#pragma once

#include <netrig/base/result.h>
#include <netrig/net/interface_name.h>

#include <compare>
#include <cstdint>
#include <iosfwd>
#include <string>

namespace netrig::netlink {

class Socket;

/// A device by index, by name, or by both. In a request the index decides where there is one, and the name is for text;
/// a request that has the name alone is resolved in the socket's namespace. In an answer both are set.
struct Device {
  std::uint32_t index = 0;  ///< as in `ip link`; 0: not given
  InterfaceName name = {};  ///< empty: not given

  /// Neither index nor name: no device.
  [[nodiscard]] bool empty() const { return index == 0 && name.empty(); }
  /// `eth0`, or `if7` when only the index is known (as `ip` prints a device it cannot name).
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const Device&, const Device&) = default;
  friend auto operator<=>(const Device&, const Device&) = default;
};

std::ostream& operator<<(std::ostream& out, const Device& device);

/// The device called `name` in the socket's namespace, index and name. ENODEV where there is none (netdevice(7),
/// SIOCGIFINDEX).
Result<Device> find_device(const Socket& socket, const InterfaceName& name);
/// The device of this index in the socket's namespace. ENODEV where there is none.
Result<Device> find_device(const Socket& socket, std::uint32_t index);

}  // namespace netrig::netlink
