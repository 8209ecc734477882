// Neighbours: which MAC address an IP address of a link has (ARP and neighbour discovery).
//
//   batch.replace(Neighbour{.device = {.index = 2}, .address = router, .mac = router_mac});     // permanent
#pragma once

#include <netrig/net/address_family.h>
#include <netrig/net/ip_address.h>
#include <netrig/net/mac_address.h>
#include <netrig/netlink/device.h>

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace netrig::netlink {

/// Neighbour state (NUD_* of rtnetlink(7)).
enum class NeighbourState : std::uint16_t {
  none = 0,
  incomplete = 0x01,
  reachable = 0x02,
  stale = 0x04,
  delay = 0x08,
  probe = 0x10,
  failed = 0x20,
  noarp = 0x40,
  permanent = 0x80,
};

/// An entry of the neighbour table: a request, or what a dump gave (ip-neighbour(8)).
struct Neighbour {
  Device device;
  IpAddress address;
  std::optional<MacAddress> mac = {};
  NeighbourState state = NeighbourState::permanent;
  bool proxy = false;  ///< answered for others; `mac` and `state` do not apply
  bool router = false, external_learn = false;

  /// As `ip neighbour` prints it: `10.0.0.1 dev eth0 lladdr 02:00:00:00:00:01 PERMANENT`.
  [[nodiscard]] std::string to_string() const;
  friend bool operator==(const Neighbour&, const Neighbour&) = default;
};

std::ostream& operator<<(std::ostream& out, const Neighbour& neighbour);

/// Which entries a dump gives; the kernel filters.
struct NeighbourFilter {
  std::optional<AddressFamily> family = {};
  Device device = {};
  bool proxy = false;  ///< the proxy entries instead of the neighbours
};

/// The entries of the socket's namespace that `filter` lets through. Includes those that `ip neighbour` leaves out
/// unless asked (state noarp, as for multicast addresses).
Result<std::vector<Neighbour>> dump_neighbours(Socket& socket, const NeighbourFilter& filter = {});

/// What a flush removes. Permanent entries stay.
enum class FlushedNeighbours {
  learned,            ///< as `ip neighbour flush`
  learned_and_noarp,  ///< those that need no resolution too, as for multicast addresses: the kernel makes them again
};

/// Removes entries of both families. One that goes by itself meanwhile is no error.
Result<void> flush_neighbours(Socket& socket, FlushedNeighbours which = FlushedNeighbours::learned);

}  // namespace netrig::netlink
