// What other programs say of a gateway: nft(8) of its rules, conntrack(8) of its connections. Private to the suite.
//
// Each comparison skips itself, and not what the test looks at beside it, where its program is not installed: it skips
// in a function of its own, after which the test goes on. Not for SetUp(), after which a skip leaves the test out.
#pragma once

#include <netrig/net/address_family.h>
#include <netrig/nft/conntrack.h>
#include <netrig/topology/node.h>
#include <netrig/traffic/connect.h>

#include <string>
#include <vector>

namespace netrig {

/// Fails unless `nft -s list ruleset` prints `rules`. The times of a `ct timeout` are not compared: nft prints them as
/// seconds or as `5m`, by its version.
void expect_nft_lists(const Node& node, const std::string& rules);

/// The connections whose source is translated, of one family and protocol.
std::vector<nft::ConntrackEntry> translated_connections(const Node& node, AddressFamily family, nft::Protocol protocol);
/// What the connection table says how long the first of them has left, in seconds; 0 where there is none.
std::uint32_t seconds_left(const Node& node, AddressFamily family, nft::Protocol protocol);

/// Fails unless the node's connection table, and `conntrack -L`, have the connection from `inside` to `to` that has
/// `outside` as its source there.
void expect_conntrack_lists(const Node& node, nft::Protocol protocol, const traffic::Endpoint& inside,
                            const traffic::Endpoint& to, const traffic::Endpoint& outside);

}  // namespace netrig
