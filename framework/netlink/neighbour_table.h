// The kernel's neighbour tables, of which there is one a family for the whole machine, whatever namespaces there are.
#pragma once

#include <netrig/base/result.h>
#include <netrig/net/address_family.h>

#include <cstdint>
#include <string>
#include <vector>

namespace netrig::netlink {

class Socket;

/// One of them, as `ip -s ntable` shows it. Every namespace is told the same (net/core/neighbour.c,
/// neightbl_dump_info()).
struct NeighbourTable {
  AddressFamily family = AddressFamily::ipv4;
  std::string name;           ///< `arp_cache`, `ndisc_cache`
  std::uint32_t entries = 0;  ///< of all namespaces
  std::uint32_t limit = 0;    ///< net.ipv4.neigh.default.gc_thresh3 and net.ipv6's, which only the host's root can set
  /// How often, since the machine started, there was no room for an entry (table_fulls): as many packets were lost.
  std::uint64_t full = 0;
};

/// Those of both families. Needs no privilege.
Result<std::vector<NeighbourTable>> dump_neighbour_tables(Socket& socket);

}  // namespace netrig::netlink
