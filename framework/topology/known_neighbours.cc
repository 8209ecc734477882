#include <netrig/netlink/address.h>
#include <netrig/netlink/batch.h>
#include <netrig/netlink/neighbour.h>
#include <netrig/topology/known_neighbours.h>

#include <algorithm>
#include <tuple>

namespace netrig {
inline namespace topology {

void expect_neighbours(const std::vector<Node>& nodes, AddressFamily family) {
  std::vector<IpAddress> all;
  for (const auto& node : nodes) all.push_back(node.address(family));
  const auto expect = [&](netlink::Socket& socket) -> Result<void> {
    const auto own = NETRIG_TRY(netlink::dump_addresses(socket, {.family = family}));
    netlink::Batch batch{socket};
    for (const auto& address : all) {
      if (std::ranges::any_of(own, [&](const auto& each) { return each.local.address() == address; })) continue;
      const auto near =
          std::ranges::find_if(own, [&](const auto& each) { return each.local.prefix().contains(address); });
      if (near == own.end()) continue;
      batch.add(netlink::Neighbour{
          .device = near->device, .address = address, .state = netlink::NeighbourState::none, .external_learn = true});
    }
    // What it knows already, and what the kernel refuses (IPv6 switched off on the link), it learns as ever, or not.
    if (!batch.empty()) std::ignore = batch.send();
    return {};
  };
  for (const auto& node : nodes) value_or_throw(node.netlink(expect));
}

}  // namespace topology
}  // namespace netrig
