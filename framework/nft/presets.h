// Rules that labs and their users need often, as plain values: look at them, add to them, merge them with
// Ruleset::add(). All use the inet tables `filter` and `nat`, so that one preset serves IPv4 and IPv6.
#pragma once

#include <netrig/net/interface_name.h>
#include <netrig/net/ip_address.h>
#include <netrig/net/ip_prefix.h>
#include <netrig/net/port.h>
#include <netrig/nft/ruleset.h>

#include <optional>
#include <vector>

namespace netrig::nft {

/// Where the presets put their rules.
ChainName forward_chain();      ///< inet filter forward
ChainName input_chain();        ///< inet filter input
ChainName output_chain();       ///< inet filter output
ChainName prerouting_chain();   ///< inet nat prerouting
ChainName postrouting_chain();  ///< inet nat postrouting

/// `oifname "wan0" ip saddr 10.2.0.0/24 masquerade`: what leaves by `out` gets the address of that interface.
/// Like `iptables -t nat -A POSTROUTING -s 10.2.0.0/24 -o wan0 -j MASQUERADE`. Without a prefix: all of both families.
/// The NAPT of RFC 3022 section 2.2; for IPv6 it is in no standard (presets_nat.h).
Ruleset nat_masquerade(const InterfaceName& out, std::optional<IpPrefix> inside = {});

/// The empty chain inet filter forward with this policy, like `iptables -P FORWARD DROP` for both families.
Ruleset forward_policy(Policy policy);
/// The same for packets to, and from, the machine itself.
Ruleset input_policy(Policy policy);
Ruleset output_policy(Policy policy);

/// What comes in by `in` for `port` goes to `to`:`to_port`: `iifname "wan0" tcp dport 8080 dnat ip to 10.2.0.2:80`.
Ruleset port_forward(const InterfaceName& in, Protocol protocol, Port port, const IpAddress& to, Port to_port);

/// `iifname "br0" oifname "wan0" accept`: connections from the inside out.
Rule allow_out(const InterfaceName& inside, const InterfaceName& outside);
/// `iifname "wan0" oifname "br0" ct state established,related accept`: the answers to them.
Rule allow_replies(const InterfaceName& inside, const InterfaceName& outside);
/// `ip daddr 10.2.0.2 tcp dport 80 ct state established,related,new accept`: a published service, after translation.
Rule allow_published(Protocol protocol, const IpAddress& to, Port to_port);
/// A service of one protocol and port.
struct Service {
  Protocol protocol = Protocol::tcp;
  Port port;
};
/// The chain inet filter output that lets out only `services`, ICMPv6 neighbour discovery (without which IPv6 cannot
/// send: RFC 4890 section 4.4.1) and, when `replies`, answers to connections from outside. The guide's own list: {tcp
/// 80, tcp 443, udp 53}.
Ruleset only_out(const std::vector<Service>& services, bool replies = false);

/// The guide's gateway: masquerade out of `outside`, a forward chain that drops by default, allow_out() and
/// allow_replies(). The guide, "External Network Access with NAT".
Ruleset guide_gateway(const InterfaceName& inside, const InterfaceName& outside);
/// The guide's output chain: only_out() with its own list, and answers to connections from outside. "Per-Namespace
/// Firewall Rules".
Ruleset guide_output();

}  // namespace netrig::nft
