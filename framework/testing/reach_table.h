// Who reaches whom, held against a table written in the test.
//
//   EXPECT_THAT(reachability({guest, staff, printer}, {tcp(631), tcp(22), icmp()}), MatchesTable(R"(
//               | guest | staff | printer
//       guest   | -     | 22    | none
//       staff   | icmp  | -     | 631 icmp
//       printer | none  | none  | -           )"));
//     Expected: matches the table
//       Actual: 3 nodes asked on 631 22 icmp (of type netrig::topology::Reachability), 1 cell differs:
//                 | guest | staff | printer
//         guest   | -     | 22    | 631!
//         staff   | icmp  | -     | 631 icmp
//         printer | none  | none  | -
//         guest to printer on 631: reached, expected not; connected to 10.9.2.3:631 after 0.1 ms
//           path: guest eth0 -> gw eth0 -> forward filter rule 7 accept -> gw eth2 -> printer eth0 -> delivered
#pragma once

#include <netrig/testing/state.h>
#include <netrig/topology/reachability.h>

#include <gmock/gmock.h>

#include <iosfwd>
#include <string_view>

namespace netrig {

/// Each row asks, each column is asked; names are those of nodes, in any order, each node once. A cell holds the
/// services that are reached: a port (of TCP; `udp/53` of UDP), `icmp`; or `all`, `none`; `-` of a node to itself. A
/// service that was not reached, for no reason that anything proves (Verdict::unknown), differs from every table. The
/// failure shows the table as it was seen; `22!` was reached and `no 22!` was not, where the other was expected, and of
/// `22 unproven!` nothing tells. Each such question is asked once more and explained (topology/explain.h), up to ten.
/// Text that is no such table fails every match, and the failure says so.
::testing::Matcher<const Reachability&> MatchesTable(std::string_view table);

/// In failures the matcher shows the table, so the value stands for what was asked.
void PrintTo(const Reachability& seen, std::ostream* out);

}  // namespace netrig
