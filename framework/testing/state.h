// Matchers for what a node or a cable is like. Each takes a Node (or a Snapshot of one) and shows the state on a
// failure.
//
//   EXPECT_THAT(lab.link(pc, gw), IsUp());
//     Expected: is up at both ends
//       Actual: pc:eth0 - gw:lan0, gw:lan0 is set down
//   EXPECT_THAT(lab["pc"], HasAddress("10.1.0.2/24"));
//     Expected: has address 10.1.0.2/24
//       Actual: "pc", which has eth0 10.1.0.3/24 fe80::6eff:fe00:b/64
//   EXPECT_THAT(lab["pc"], HasRoute("default", "10.1.0.1"));
//     Expected: has route default via 10.1.0.1
//       Actual: "pc", whose routes are
//         10.1.0.0/24 dev eth0 proto kernel scope link src 10.1.0.2
#pragma once

#include <netrig/topology/lab.h>

#include <gmock/gmock.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace netrig {

/// Both ends of a cable are set up and have carrier.
::testing::Matcher<const LabLink&> IsUp();

/// The node has the address with this prefix length on some interface, usable (not tentative): `10.0.0.1/24`.
/// Text that is no such address fails every match, and the failure says so.
::testing::Matcher<const Node&> HasAddress(std::string_view address);

/// The main table holds a route to `destination` (a prefix, or `default` of the gateway's family), through `gateway`
/// unless that is empty.
::testing::Matcher<const Node&> HasRoute(std::string_view destination, std::string_view gateway = {});

/// The neighbour table has a usable entry for the address (reachable, stale, delay, probe, permanent).
::testing::Matcher<const Node&> HasNeighbour(const IpAddress& address);

/// The node has lo and these interfaces, no others: it sees nothing of the host's or of another node's network.
::testing::Matcher<const Node&> HasOnlyInterfaces(std::vector<std::string> names);

/// The two nodes share no network namespace, and neither has a route to an address of the other.
::testing::Matcher<const Node&> IsIsolatedFrom(const Node& other);

/// Shows a node in failures by its name in quotes, a cable as `pc:eth0 - gw:lan0`.
void PrintTo(const Node& node, std::ostream* out);
void PrintTo(const LabLink& link, std::ostream* out);

}  // namespace netrig
