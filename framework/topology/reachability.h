// Who reaches whom on what: nodes times nodes times services, asked all at once.
//
//   Reachability seen = reachability({guest, staff, printer}, {tcp(631), tcp(22), icmp()});
//   seen.reached(guest, staff, tcp(22));
//   std::cout << seen;
//   //         | guest   | staff  | printer
//   // guest   | -       | 22     | none
//   // staff   | icmp    | -      | 631 icmp
//   // printer | none    | none   | -
#pragma once

#include <netrig/net/address_family.h>
#include <netrig/topology/node.h>
#include <netrig/topology/verdict.h>
#include <netrig/traffic/service.h>

#include <chrono>
#include <cstddef>
#include <iosfwd>
#include <string>
#include <vector>

namespace netrig {
inline namespace topology {

/// What was reached, as a value.
struct Reachability {
  std::vector<Node> nodes;
  std::vector<traffic::Service> services;
  AddressFamily family = AddressFamily::ipv4;
  /// [from][to][service], by position; false where `from` is `to`.
  std::vector<std::vector<std::vector<bool>>> cells = {};
  /// Of the same form: what became of each question. `accepted` where `cells` is true. `unknown` is of what stayed
  /// silent for all of the patience and nothing explains, or the trace did not listen all the time.
  std::vector<std::vector<std::vector<Verdict>>> verdicts = {};

  /// Throws SetupError for a node or a service that was not asked about.
  [[nodiscard]] bool reached(const Node& from, const Node& to, const traffic::Service& service) const;
  /// The words of a cell: ports (`udp/53` where it is UDP), `icmp`, `all`, `none`; `-` of a node to itself.
  [[nodiscard]] std::string cell(std::size_t from, std::size_t to) const;
  /// The table, with a line for each node that asks.
  [[nodiscard]] std::string to_string() const;
};
std::ostream& operator<<(std::ostream& out, const Reachability& seen);

/// A service in a cell: `631`, `udp/53`, `icmp`.
std::string cell_word(const traffic::Service& service);

struct ReachabilityOptions {
  AddressFamily family = AddressFamily::ipv4;
  /// How long to wait for what neither answers nor is ruled out by the verdict of a rule.
  std::chrono::milliseconds patience{1000};
};

/// Asks from each node to the first address of each other one, for each service, all at once, and traces every question
/// (explain.h), so that what a rule drops is waited for no longer than it takes to see that. Where nobody listens on a
/// port, somebody is brought to, for as long as this runs: what is asked is what the network lets through. Throws
/// SetupError where a node has no address of the family.
Reachability reachability(const std::vector<Node>& nodes, const std::vector<traffic::Service>& services,
                          const ReachabilityOptions& options = {});

}  // namespace topology
}  // namespace netrig
