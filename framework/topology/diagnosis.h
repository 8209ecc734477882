// Why a packet does not arrive: the troubleshooting that people do by hand, done for them.
//
//   const Evidence before = gather(lab_nodes);
//   ... the probe ...
//   Diagnosis why = diagnose(from, destination, service, before, gather(lab_nodes));
//   why.cause;      // "gw" does not forward: net.ipv4.ip_forward is 0
//   why.path;       // guest eth0 > gw lan0 > ...
#pragma once

#include <netrig/net/ip_address.h>
#include <netrig/topology/node.h>
#include <netrig/topology/origin.h>
#include <netrig/topology/snapshot.h>
#include <netrig/topology/verdict.h>
#include <netrig/traffic/service.h>

#include <string>
#include <string_view>
#include <vector>

namespace netrig {
inline namespace topology {

/// How a cause begins that lies on the answer's way.
inline constexpr std::string_view kOnTheWayBack = "on the way back: ";

/// What every node of a lab looked like at one moment.
struct Evidence {
  std::vector<Node> nodes;
  std::vector<Snapshot> snapshots;  ///< beside `nodes`
};

/// Takes the snapshot of every node of the lab that `node` is of.
Evidence gather(const Node& node);

/// What decided, as far as it can be told.
struct Diagnosis {
  Verdict verdict = Verdict::unknown;
  std::string cause;               ///< one line; empty when nothing seen explains a failure
  std::string node = {};           ///< at which that is so; of a link or a neighbour: the one that sends
  std::string path;                ///< how far the packet's way could be followed: `guest eth0 > gw lan0 ...`
  std::vector<std::string> state;  ///< further lines that help: neighbour entries, other suspects

  bool pending = false;    ///< the cause may pass by itself: a neighbour is still being asked
  bool suspected = false;  ///< nothing proves the cause: a rule without a counter that could have stopped the packet

  [[nodiscard]] bool explains() const { return !cause.empty(); }
  /// No answer will come: waiting on is in vain.
  [[nodiscard]] bool rules_out() const { return explains() && !pending && !suspected; }
};

/// Follows a packet from `from` to `destination` and its answer back, node by node, through routes, links, neighbours,
/// forwarding settings, address translation and rule counters, as they are now and as they changed since `before`.
/// Looks, and changes nothing. What it finds is one of (first to apply, in the order of the packet's way):
///
///     dropped at "gw": table inet filter, chain forward, rule 4 (handle 9) "no web": tcp dport 80 counter ... drop
///     probably dropped at "gw" (no counter tells): table inet filter, chain forward, rule 4 (handle 9): ... drop
///     "guest" has no route to 10.9.2.3
///     "guest" eth0 is down
///     link guest:eth0 - gw:lan0: the far end is down
///     no neighbour: 10.9.2.3 did not answer ARP on "gw" lan0
///     "gw" does not forward IPv4: net.ipv4.ip_forward is 0
///     "gw" does not forward IPv4 that comes in by lan0: net.ipv4.conf.lan0.forwarding is 0
///     "gw" refuses the source 10.0.1.2 on lan0 (reverse-path filter): net.ipv4.conf.all.rp_filter is 1 (strict), ...
///     "server" refuses the source 10.0.2.2 on eth0: the address is its own (martian source), ...
///     nothing listens on tcp/631 at "printer"      (when `refused`)
///     "printer" ignores echo requests: net.ipv4.icmp_echo_ignore_all is 1
///
/// With "on the way back: " before it for the answer's way.
Diagnosis diagnose(const Node& from, const IpAddress& destination, const traffic::Service& service,
                   const Evidence& before, const Evidence& after, bool refused = false, const Origin& origin = {});

}  // namespace topology
}  // namespace netrig
