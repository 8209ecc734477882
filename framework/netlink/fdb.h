// Forwarding databases: behind which port of a bridge a MAC address is, and which addresses a device listens to.
//
//   batch.add(FdbEntry{.device = {.name = port}, .mac = server_mac, .master = true});        // static, in the bridge
#pragma once

#include <netrig/net/ip_address.h>
#include <netrig/net/mac_address.h>
#include <netrig/netlink/device.h>
#include <netrig/netlink/neighbour.h>

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace netrig::netlink {

/// An entry: a request, or what a dump gave (bridge(8), `bridge fdb`).
struct FdbEntry {
  Device device;  ///< the port, or the device itself with `self`
  MacAddress mac;
  bool self = false;    ///< the device's own table (a VXLAN's remotes, a NIC's filter)
  bool master = false;  ///< the table of the bridge that `device` is a port of
  /// permanent: local to the bridge; noarp: `static`; reachable: `dynamic`, learned or ageing
  NeighbourState state = NeighbourState::noarp;
  std::optional<std::uint16_t> vlan = {};
  std::optional<IpAddress> remote = {};  ///< VXLAN: `dst`
  std::optional<std::uint32_t> vni = {};
  std::optional<std::uint16_t> remote_port = {};
  bool external_learn = false, sticky = false, router = false;
  Device bridge = {};  ///< seen in dumps: the bridge whose table it is

  /// As `bridge fdb` prints it: `02:00:00:00:00:01 dev veth0 master br0 permanent`.
  [[nodiscard]] std::string to_string() const;
  friend bool operator==(const FdbEntry&, const FdbEntry&) = default;
};

std::ostream& operator<<(std::ostream& out, const FdbEntry& entry);

/// Which entries a dump gives; the kernel filters.
struct FdbFilter {
  Device bridge = {};
  Device port = {};
};

/// The entries of the socket's namespace that `filter` lets through.
Result<std::vector<FdbEntry>> dump_fdb(Socket& socket, const FdbFilter& filter = {});

}  // namespace netrig::netlink
