// What a lab's nodes have learned of their neighbours ends with it, and not when the kernel has freed its namespaces.
#include <netrig/netlink/neighbour.h>
#include <netrig/netlink/socket.h>
#include <netrig/testing/skip.h>
#include <netrig/topology/lab.h>
#include <netrig/topology/test_topologies.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

namespace netrig {
namespace {

TEST(LabNeighbours, AreForgottenAtItsEnd) {
  NETRIG_NEEDS_SANDBOX();
  std::optional<Lab> lab{std::in_place, test::pair()};
  std::vector<netlink::Socket> sockets;  // that keep the namespaces
  for (const auto& node : lab->nodes()) {
    sockets.push_back(node.run([] { return value_or_throw(netlink::Socket::open()); }));
  }
  const auto known = [&] {
    std::vector<netlink::Neighbour> found;
    for (auto& socket : sockets) {
      std::ranges::move(value_or_throw(netlink::dump_neighbours(socket)), std::back_inserter(found));
    }
    return found;
  };
  for (const auto family : {AddressFamily::ipv4, AddressFamily::ipv6}) {
    EXPECT_TRUE((*lab)["left"].ping((*lab)["right"], family).complete());
  }
  EXPECT_GE(known().size(), 4U);
  lab.reset();
  EXPECT_THAT(known(), ::testing::IsEmpty());
}

}  // namespace
}  // namespace netrig
