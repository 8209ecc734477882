// What the NATs and firewalls between two nodes do to UDP or TCP, found out from both ends as RFC 5780 does it.
//
//   server.add_address("eth0", *InterfaceAddress::parse("203.0.113.3/24"));    // it needs two of the family
//   NatClass home = classify_nat(pc, server, {.protocol = nft::Protocol::udp});
//   EXPECT_EQ(home.mapping, nft::Mapping::endpoint_independent);
//   std::cout << home;    // udp 10.1.0.2:40312 -> 203.0.113.1:40312: endpoint-independent mapping, address-and-
//                         // port-dependent filtering, preserves ports, no hairpinning
//
// It knows nothing of rules: any NAT can be asked, of nftables, iptables, or a program. It waits for nothing that does
// not come: after each packet that may be filtered goes one that must arrive, from the same processor. On veth and
// bridges these come in the order in which they were sent; a path that reorders (netem's `reorder`, or jitter) may
// make open filtering look closed.
#pragma once

#include <netrig/net/address_family.h>
#include <netrig/net/ip_address.h>
#include <netrig/net/port.h>
#include <netrig/nft/behaviour.h>
#include <netrig/nft/names.h>
#include <netrig/topology/node.h>
#include <netrig/traffic/connect.h>

#include <chrono>
#include <iosfwd>
#include <optional>
#include <string>

namespace netrig {
inline namespace topology {

/// What to ask with.
struct NatQuestion {
  AddressFamily family = AddressFamily::ipv4;
  nft::Protocol protocol = nft::Protocol::udp;  ///< or tcp
  /// The server's ports; they must be free there. RFC 5780 section 6 uses the same.
  Port port{3478}, alternate_port{3479};
  /// The server's second address. None: the first that it has beside Node::address() of the family.
  std::optional<IpAddress> alternate_address = {};
  /// For what must arrive.
  std::chrono::milliseconds timeout{10'000};
};

/// What was found.
struct NatClass {
  nft::Protocol protocol = nft::Protocol::udp;
  traffic::Endpoint inside, mapped;  ///< an endpoint of the client, and as what it came to the server
  nft::Mapping mapping = nft::Mapping::endpoint_independent;
  nft::Filtering filtering = nft::Filtering::endpoint_independent;
  bool preserves_port = false;  ///< the outside port was the inside one, every time
  bool hairpins = false;        ///< what the client sent to an outside endpoint of its own came back to it
  /// What hairpinned came from an outside address and port (RFC 4787 REQ-9a), not from an inside one.
  bool hairpins_with_outside_source = false;

  [[nodiscard]] bool translates() const { return inside != mapped; }
  [[nodiscard]] std::string to_string() const;
  friend bool operator==(const NatClass&, const NatClass&) = default;
};
std::ostream& operator<<(std::ostream& out, const NatClass& found);

/// Classifies what is between. Mapping: RFC 5780 section 4.3, asked twice from ports of their own, for a random port
/// may be the same by chance; what depends more on the destination counts. Filtering: section 4.4. Hairpinning:
/// section 4.5, from a second port; not asked where nothing is translated. TCP: the same with connections (RFC 5382).
/// Leaves mappings behind in the NATs. Throws SetupError: another protocol; the server lacks a second address; a port
/// is taken; the client cannot reach the server, where explain() tells why.
NatClass classify_nat(const Node& client, const Node& server, const NatQuestion& question = {});

}  // namespace topology
}  // namespace netrig
