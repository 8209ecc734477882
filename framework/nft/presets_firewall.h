// Firewalls that people know, each as one text that `nft -f` loads and `nft list ruleset` gives back: read it, print
// it, add to it. Each is a table of its own (`inet firewall`) for IPv4 and IPv6, so that NAT goes beside it. The rules
// that block say in their comments why; CannotReach(..., Because(Verdict::dropped).by("...")) finds them by those.
//
//   gw.load_ruleset_text(nft::router_firewall({.inside = InterfaceName{"lan"}, .outside = InterfaceName{"wan"}}));
//   EXPECT_THAT(stranger, CannotReach(pc, udp(9), Because(Verdict::dropped).by_policy()));
//
// The guide's own firewall is in presets.h: guide_gateway(), guide_output().
#pragma once

#include <netrig/net/interface_name.h>
#include <netrig/nft/behaviour.h>

#include <string>

namespace netrig::nft {

/// What a router's firewall stands between, and what it may be told.
struct RouterFirewall {
  InterfaceName inside;
  InterfaceName outside;
  /// Of TCP and UDP. RFC 6092 (3.2.3 REC-17, 3.3.1 REC-33) recommends endpoint-independent for applications' sake, and
  /// address-dependent to who wants it stricter; the default here, which is what connection tracking does by itself, is
  /// stricter still.
  Filtering filtering = Filtering::address_and_port_dependent;
  /// Lets fc00::/7 through between inside and outside. RFC 6092 has it dropped by default (3.1 REC-7); labs whose
  /// addresses come from the pool need it, for those are such addresses.
  bool unique_local = false;
  IdleTimeouts timeouts = {};
};

/// A home router: RFC 6092, "simple security". What is inside goes out, and what is answered comes back. From outside:
/// - invalid states, source routing, addresses that are not for the public network and forged sources are dropped
///   (3.1 REC-3 to REC-7, 3.2.1 REC-10), ICMP errors only pass when they are about a known flow;
/// - IPsec, IKE and HIP pass to IPv6 hosts (3.2.4: REC-21 to REC-26), and their echo requests (RFC 4890 4.3.1);
/// - a new TCP connection is refused with "administratively prohibited" (3.3.1 REC-34), and the rest is dropped;
/// - the router itself answers echo requests and neighbour discovery, nothing else (3.1 REC-8, REC-9: no DNS, no DHCP).
/// What a flow leaves behind lives as long as IdleTimeouts says (3.2.3 REC-14, 3.3.1 REC-35).
///
/// What nftables does not do: REC-34 wants the refusal after 6 seconds, in which a simultaneous open may come; it comes
/// at once. REC-1 and REC-2 (multicast) have no rule: Linux drops multicast sources by itself, and forwards multicast
/// only for a routing daemon. The documentation prefixes of REC-3 pass, for tests stand on them. `fib ... missing` is
/// strict: with paths that differ by direction, leave that rule out.
std::string router_firewall(const RouterFirewall& router);

/// A machine that only asks: whatever it opens is answered; from outside nothing is taken but neighbour discovery and
/// router advertisements, without which IPv6 does not work, and ICMP errors about what it sent (RFC 4890
/// section 4.4.1). Echo requests are dropped as well, although RFC 1122 section 3.2.2.6 and RFC 4890
/// section 4.4.1 want them answered; so are queries for multicast listeners, by which a snooping switch knows groups.
std::string client_firewall();

/// An office that lets its people out to TCP 80 and 443 and to DNS (TCP and UDP 53), with the answers. Everything else
/// from inside is refused with "administratively prohibited" (RFC 1812 5.2.7.1, RFC 4443 3.1), so that programs fail
/// at once; what comes from outside is dropped. The gateway itself answers echo requests from inside only.
std::string corporate_firewall(const InterfaceName& inside, const InterfaceName& outside);

}  // namespace netrig::nft
