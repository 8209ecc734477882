// NATs by the behaviour that the RFCs name, each as one text that `nft -f` loads and `nft list ruleset` gives back.
//
//   auto rules = value_or_throw(nft::nat_rules({.inside = InterfaceName{"lan"}, .outside = InterfaceName{"wan"}},
//                                              nft::full_cone()));
//   gw.load_ruleset_text(rules);
//   classify_nat(pc, server);     // endpoint-independent mapping and filtering: topology/classify_nat.h
//
// The rules stand in a table of their own, `inet translation`; nat_masquerade() (presets.h) is Linux's NAT as it is.
#pragma once

#include <netrig/base/result.h>
#include <netrig/net/address_family.h>
#include <netrig/net/interface_name.h>
#include <netrig/net/ip_address.h>
#include <netrig/net/ip_prefix.h>
#include <netrig/nft/behaviour.h>

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace netrig::nft {

/// Where a NAT stands. What goes out by `outside` gets the address of that interface.
struct NatSides {
  InterfaceName inside;
  InterfaceName outside;
  /// The outside addresses, one of a family, for hairpinning alone: its packets do not leave by `outside`.
  std::vector<IpAddress> addresses = {};
  /// Translates this family only. Without: IPv4 and IPv6 alike, which for IPv6 is NAT66: in no standard. RFC 5902
  /// section 2 has what people want it for.
  std::optional<AddressFamily> only = {};
};

/// How a NAT treats UDP (RFC 4787) and TCP (RFC 5382). Mapping and time-outs are by default what both require;
/// filtering and hairpinning are what Linux does by itself: stricter than both recommend, and without the hairpinning
/// that both require.
struct NatBehaviour {
  Mapping mapping = Mapping::endpoint_independent;              ///< RFC 4787 REQ-1, RFC 5382 REQ-1
  Filtering filtering = Filtering::address_and_port_dependent;  ///< RFC 4787 REQ-8, RFC 5382 REQ-3
  /// The outside port is the inside one while nobody else has it. RFC 4787 section 4.2.1.
  bool port_preservation = true;
  /// Inside hosts reach one another by outside addresses and ports, and see one another's. RFC 4787 REQ-9, RFC 5382
  /// REQ-8. Filtering does not apply to them.
  bool hairpinning = false;
  IdleTimeouts timeouts = {};  ///< of mappings: RFC 4787 REQ-5, RFC 5382 REQ-5. Packets from inside renew them (REQ-6)
  friend auto operator<=>(const NatBehaviour&, const NatBehaviour&) = default;
};
/// `endpoint-independent mapping, address-dependent filtering, preserves ports, hairpins`
std::string to_string(const NatBehaviour& behaviour);
std::ostream& operator<<(std::ostream& out, const NatBehaviour& behaviour);

// Under the names of RFC 3489 section 5, which people use still:
NatBehaviour full_cone();             ///< mapping and filtering endpoint-independent
NatBehaviour restricted_cone();       ///< endpoint-independent mapping, address-dependent filtering
NatBehaviour port_restricted_cone();  ///< endpoint-independent mapping, address-and-port-dependent filtering
NatBehaviour symmetric();             ///< mapping and filtering address-and-port-dependent; ports are random

/// The rules of such a NAT. nftables has none of these behaviours as such; this is what they are made of:
/// - Filtering by address and port is what connection tracking does. The others: packets from inside write their
///   outside port, and with address-dependent filtering whom they went to, into maps, which translate what comes in.
/// - Endpoint-independent mapping: masquerade keeps the port, and uses a mapping again while it has a connection. Left
///   alone it gives one outside port to several inside hosts whose destinations differ ("port overloading", forbidden
///   by RFC 4787 REQ-3). So a port belongs to the first host that uses it, and others get a random one.
/// - Without port preservation every port is a random one of the other half of 1024 to 65535.
/// - Address-dependent mapping: the port is a hash of protocol, inside address and port, and destination address.
/// - Address-and-port-dependent mapping: `masquerade fully-random`.
///
/// Limits. A random port may be in use for another destination: 1 in 32,256 for each other mapping; then a mapping
/// changes, and what comes in unasked goes to the latest that got the port. So may a hashed one, 1 in 64,512; then the
/// later connection to the same destination address and port is dropped. Parity is not kept (RFC 4787 REQ-4). 65,535
/// mappings of each family. The time-out of a mapping also holds before anybody has answered. ICMP queries are
/// translated by plain masquerade, for 30 s (RFC 5508 REQ-2 wants 60: net.netfilter.nf_conntrack_icmp_timeout). TCP
/// that ended is forgotten after 10 s, and its mapping with it.
///
/// Errors: port preservation with a mapping that depends on the destination; hairpinning without the outside address of
/// a family; interfaces that are one and the same or unnamed; a time-out below 1 s.
Result<std::string> nat_rules(const NatSides& sides, const NatBehaviour& behaviour = {});

/// Every combination that nat_rules() can make, with the default time-outs: for tests of what must work behind any NAT.
std::vector<NatBehaviour> all_nat_behaviours();

/// A carrier's NAT, the second level: IPv4 only, as RFC 6888 has it. Mapping and filtering are endpoint-independent
/// (REQ-1, REQ-7) and it hairpins, so that subscribers reach one another; `sides.addresses` must have its IPv4 address.
/// Subscribers have addresses of 100.64.0.0/10 (RFC 6598), which do not cross to the outside in either direction
/// (RFC 6598 section 4). The first level, in the subscriber's router, is any nat_rules().
/// Not there: limits of ports by subscriber (RFC 6888 REQ-4), and logs.
Result<std::string> carrier_nat(const NatSides& sides, const IdleTimeouts& timeouts = {});

/// NPTv6 (RFC 6296): `inside` and `outside_prefix`, IPv6 prefixes of one length, are exchanged in what crosses
/// `outside`, in both directions and whoever begins; ports stay. Hairpins too (section 4.3). The outside prefix must be
/// routed here. RFC 6296 keeps no state and makes up for the change in one word of the address, so that checksums of
/// transports stay right ("checksum-neutral", section 2.6). nftables cannot add: it keeps the rest of the address as it
/// is, corrects the checksums of TCP, UDP and ICMPv6 instead, and tracks connections. What it does not know to correct
/// (an authenticated transport, a protocol of your own) arrives with a wrong checksum. Errors: a prefix of IPv4, or
/// lengths that differ.
Result<std::string> prefix_translation(const NatSides& sides, const IpPrefix& inside_prefix,
                                       const IpPrefix& outside_prefix);

}  // namespace netrig::nft
