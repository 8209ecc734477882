// Addresses of devices.
//
//   batch.add(Address{.device = {.index = 2}, .local = *InterfaceAddress::parse("fd00::1/64"), .no_dad = true});
#pragma once

#include <netrig/net/interface_address.h>
#include <netrig/net/ip_address.h>
#include <netrig/netlink/device.h>

#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace netrig::netlink {

/// How far an address or a route reaches (rtnetlink(7)); other numbers are the user's own.
enum class Scope : std::uint8_t { global = 0, site = 200, link = 253, host = 254, nowhere = 255 };

/// An address of a device: a request, or what a dump gave (ip-address(8)).
struct Address {
  Device device;
  InterfaceAddress local;
  std::optional<IpAddress> peer = {};  ///< the far end of a point-to-point link; the prefix length is then the peer's
  std::optional<IpAddress> broadcast = {};  ///< IPv4
  std::optional<Scope> scope = {};          ///< not given: what `ip` would choose (host for 127/8 and ::1, else global)
  std::string label = {};                   ///< IPv4: `eth0`, `eth0:web`
  std::optional<std::chrono::seconds> valid = {}, preferred = {};  ///< not given: for ever
  bool no_dad = false;           ///< IPv6: usable at once, no duplicate address detection
  bool no_prefix_route = false;  ///< no connected route
  bool home = false, manage_temporary = false;
  // Seen in dumps, ignored in requests:
  bool tentative = false, dad_failed = false, optimistic = false, deprecated = false;
  bool secondary = false;  ///< IPv4 secondary, IPv6 temporary
  bool dynamic = false;    ///< has a lifetime

  /// As `ip address` prints it: `inet 10.0.0.1/24 scope global eth0`, the lifetimes on a second line.
  [[nodiscard]] std::string to_string() const;
  friend bool operator==(const Address&, const Address&) = default;
};

std::ostream& operator<<(std::ostream& out, const Address& address);

/// Which addresses a dump gives; the kernel filters.
struct AddressFilter {
  Device device = {};
  std::optional<AddressFamily> family = {};
};

/// All addresses of the socket's namespace that `filter` lets through, in the kernel's order (IPv4 first).
Result<std::vector<Address>> dump_addresses(Socket& socket, const AddressFilter& filter = {});

}  // namespace netrig::netlink
