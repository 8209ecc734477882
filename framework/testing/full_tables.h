// Whether the kernel's neighbour tables, which all namespaces share, were full while a test ran: what it sent to a new
// neighbour meanwhile was lost, and none of its own counters tells why.
#pragma once

#include <netrig/netlink/neighbour_table.h>

#include <functional>
#include <string>
#include <vector>

namespace netrig {

class FullTables {
 public:
  using Tables = Result<std::vector<netlink::NeighbourTable>>;

  /// `dump`: asks the kernel, when not given.
  explicit FullTables(std::function<Tables()> dump = {});

  /// The test begins.
  void remember();
  /// A line for each table that was full since: `    note: ... arp_cache ... was full 12 times ...`, with the remedy.
  /// Empty when none was, or nobody can tell.
  [[nodiscard]] std::string text() const;

 private:
  std::function<Tables()> dump_;
  std::vector<netlink::NeighbourTable> before_;
};

}  // namespace netrig
