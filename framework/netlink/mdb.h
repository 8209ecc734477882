// Multicast databases: which ports of a bridge want which multicast group.
//
//   batch.add(MdbEntry{.bridge = {.name = br0}, .port = {.name = port}, .group = *IpAddress::parse("239.1.1.1")});
#pragma once

#include <netrig/net/ip_address.h>
#include <netrig/netlink/device.h>

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace netrig::netlink {

/// An entry: a request, or what a dump gave (bridge(8), `bridge mdb`).
struct MdbEntry {
  Device bridge;
  Device port;  ///< the bridge itself for a host that joined on it
  IpAddress group;
  std::optional<IpAddress> source = {};  ///< source-specific membership
  std::uint16_t vlan = 0;
  bool permanent = true;  ///< false: ages away

  /// As `bridge mdb` prints it: `dev br0 port veth0 grp 239.1.1.1 permanent`.
  [[nodiscard]] std::string to_string() const;
  friend bool operator==(const MdbEntry&, const MdbEntry&) = default;
};

std::ostream& operator<<(std::ostream& out, const MdbEntry& entry);

/// The entries of all bridges in the socket's namespace.
Result<std::vector<MdbEntry>> dump_mdb(Socket& socket);

}  // namespace netrig::netlink
