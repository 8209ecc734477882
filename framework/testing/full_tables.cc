#include <netrig/base/result.h>
#include <netrig/netlink/socket.h>
#include <netrig/testing/full_tables.h>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace netrig {
namespace {

FullTables::Tables ask_kernel() {
  auto socket = NETRIG_TRY(netlink::Socket::open({}, netlink::Access::read_only));
  return netlink::dump_neighbour_tables(socket);
}

}  // namespace

FullTables::FullTables(std::function<Tables()> dump) : dump_{dump ? std::move(dump) : ask_kernel} {}

void FullTables::remember() { before_ = dump_().value_or(std::vector<netlink::NeighbourTable>{}); }

std::string FullTables::text() const {
  std::string lines;
  for (const auto& table : dump_().value_or(std::vector<netlink::NeighbourTable>{})) {
    const auto before = std::ranges::find(before_, table.name, &netlink::NeighbourTable::name);
    if (before == before_.end() || table.full == before->full) continue;
    lines += fmt::format(
        "    note: the machine's neighbour table {0} ({1} entries at most, for all namespaces) was full {2} times "
        "meanwhile, and as many packets were lost, of this test or others: run fewer tests side by side, or sudo "
        "sysctl -w net.{3}.neigh.default.gc_thresh3=16384 [netrig doctor: limit-neighbours]\n",
        table.name, table.limit, table.full - before->full, table.family == AddressFamily::ipv4 ? "ipv4" : "ipv6");
  }
  return lines;
}

}  // namespace netrig
