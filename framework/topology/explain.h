// What becomes of a packet, and which rule, route or link decides: one real probe, traced in every node on its way.
//
//   Path path = explain(client, gateway.address("wan"), tcp(8080));
//   path.verdict;                // Verdict::accepted
//   std::cout << path;           // connected to 203.0.113.254:8080 after 0.1 ms
//                                //  path: client eth0 -> gw wan0 -> prerouting nat rule 1 accept -> dnat
//                                to 10.2.0.2:80
//                                //        -> gw lan0 -> server eth0 -> delivered
//   explain(guest, printer, tcp(631)).reason;
//     // dropped at "gw": table inet filter, chain forward, rule 4 (handle 9) "guests stay out": ip saddr @guests drop
//
// Rules are found by nftables' own trace: those of nft and of iptables-nft alike, with or without counters. Those of
// iptables-legacy are in no trace. Where the trace shows that a packet vanished in a node that has such rules, their
// counters before and after (iptables-legacy-save) tell, and the text says so; where several counted, it names all:
//     // dropped at "gw": iptables-legacy table filter, chain FORWARD, rule 2: -p tcp -m tcp --dport 80 -j DROP
//     // (counted 1 packet of this probe)
// What no rule decides (routes, forwarding, neighbours, links, listeners) is found as people find it: diagnosis.h.
#pragma once

#include <netrig/net/ip_address.h>
#include <netrig/topology/node.h>
#include <netrig/topology/origin.h>
#include <netrig/topology/path.h>
#include <netrig/traffic/service.h>

#include <chrono>

namespace netrig {
inline namespace topology {

struct ExplainOptions {
  /// How long to wait for an answer where nothing that is seen rules one out.
  std::chrono::milliseconds patience{1000};
  /// What it is sent from: for rules that look at the source. An address that the sender does not have or that is of
  /// the other family, a port that another has, and a port of ICMP are errors before anything is sent.
  Origin origin = {};
};

/// Asks once, from the node (ICMP: until patience ends), and tells what became of it. Returns as soon as there is an
/// answer, or evidence that none will come: a rule's verdict takes about a millisecond. Where a node let the packet go
/// between its rules (not forwarded, refused by the reverse-path filter, or unknown), it asks again (unknown: for 100
/// ms; else until something is counted, at most for a second), to see which of the kernel's counters counts that: a
/// refusal by the reverse-path filter is proven by its counter alone, a martian source by the routes, for nothing
/// counts it. So it does where connection tracking may have given the packet up: after all rules, where another
/// connection has its addresses and ports in one direction, or before them, where its table is full. The rules that the
/// trace needs are added to the nodes' rulesets and removed again; they show in no listing of the rig's. TCP and UDP
/// want somebody who listens; the question brings nobody. Throws SetupError where the lab has ended, nothing can be
/// sent from the origin, or the kernel refuses the trace.
Path explain(const Node& from, const IpAddress& to, const traffic::Service& service,
             const ExplainOptions& options = {});
/// The same to the first address of `to`, IPv4 where both have it.
Path explain(const Node& from, const Node& to, const traffic::Service& service, const ExplainOptions& options = {});

}  // namespace topology
}  // namespace netrig
