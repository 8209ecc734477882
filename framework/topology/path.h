// A packet's way through a lab as a value: node by node, rule by rule, to whatever decided.
//
//   client eth0 -> gw wan0 -> prerouting nat rule 1 accept -> dnat to 10.2.0.2:80 -> forward filter rule 3 accept -> gw
//   lan0 -> server eth0 -> delivered
#pragma once

#include <netrig/nft/expression.h>
#include <netrig/nft/listing.h>
#include <netrig/topology/verdict.h>
#include <netrig/traffic/connect.h>

#include <chrono>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace netrig {
inline namespace topology {

/// What a rule, or the policy of a chain, decided. Jumps, and rules that only counted or logged, are decisions too.
struct PathDecision {
  nft::ListedRule rule;  ///< position 0: the chain's policy, whose text is `policy drop`
  nft::Verdict verdict{nft::Verdict::Kind::next_rule};
  /// How it is known of a rule of iptables-legacy, which is in no trace: `counted 1 packet of this probe`; empty: it
  /// was traced. Such a rule has no handle, and its text is iptables-save's.
  std::string evidence = {};

  [[nodiscard]] bool is_policy() const { return rule.position == 0; }
  /// Whether it rejects: drops, and tells the sender.
  [[nodiscard]] bool rejects() const;
  /// `table inet filter, chain forward, rule 4 (handle 9) "no web": tcp dport 80 drop`,
  /// `table inet filter, chain forward: policy drop`,
  /// `iptables-legacy table filter, chain FORWARD, rule 2: -p tcp -j DROP (counted 1 packet of this probe)`
  [[nodiscard]] std::string to_string() const;
  friend bool operator==(const PathDecision&, const PathDecision&) = default;
};

/// A step within a node: a decision, or an address or port that changed.
struct PathStep {
  std::optional<PathDecision> decision = {};
  /// How it was refused, as nft names it: `tcp reset`, `port-unreachable`, `admin-prohibited`; empty: not at all.
  std::string answer = {};
  std::vector<std::string> state = {};  ///< what else helps: neighbour entries
  std::string translation = {};         ///< `dnat to 10.2.0.2:80`, `snat to 203.0.113.1:40312`; empty: a decision
  friend bool operator==(const PathStep&, const PathStep&) = default;
};

/// One node on the way.
struct PathHop {
  std::string node;
  std::string incoming = {}, outgoing = {};  ///< interfaces; empty where it was sent, or went no further
  bool bridged = false;                      ///< met as a frame, on a bridge
  bool delivered = false;                    ///< taken in by the node itself
  std::vector<PathStep> steps = {};
  friend bool operator==(const PathHop&, const PathHop&) = default;
};
/// One direction: `client eth0 -> gw lan0 -> forward filter rule 3 accept -> gw wan0 -> server eth0 -> delivered`.
/// Policies that accept, and rules that only led on, are left out.
std::string to_string(const std::vector<PathHop>& hops);

/// What became of a question, why, and by which way.
struct Path {
  Verdict verdict = Verdict::unknown;
  /// One line: `dropped at "gw": table inet filter, chain forward, rule 4 (handle 9) "no web": tcp dport 80 drop`;
  /// `nothing listens on tcp/631 at "printer" (refused)`; `10.9.2.3 answered after 0.1 ms`. On the answer's way it
  /// begins with `on the way back: `.
  std::string reason = {};
  std::string node = {};                  ///< where it was decided; empty when that is not known
  std::optional<PathDecision> rule = {};  ///< that dropped or rejected
  /// How it was refused or rejected, as nft names it: `tcp reset`, `port-unreachable`, `admin-prohibited`.
  std::string answer = {};
  std::string translation = {};  ///< `dnat to 10.2.0.2:80, snat to 203.0.113.1:40312`; empty: none
  /// Where the question came to, when a node took it in: after translation. None: that did not happen, or it has no
  /// port.
  std::optional<traffic::Endpoint> delivered = {};
  std::vector<PathHop> there = {};      ///< the question's way, as far as it got
  std::vector<PathHop> back = {};       ///< the answer's: of a connection, an echo, an RST or an ICMP error
  std::string probe = {};               ///< what the sender saw: `connected to 10.9.2.3:631 after 0.1 ms`
  std::vector<std::string> state = {};  ///< what else helps: neighbour entries
  std::chrono::nanoseconds elapsed{};   ///< from sending to knowing
  bool vouched = false;                 ///< the trace listened all the time, in every node
  bool proven = false;  ///< the verdict rests on evidence: an answer, or something seen that rules one out

  [[nodiscard]] bool answered() const { return verdict == Verdict::accepted; }
  /// The reason, then lines of `probe:` (unless that is the reason), `path:`, `back:`, `state:`, and of `note:` where
  /// the trace did not listen all the time. Failures of CanReach() and CannotReach() print the same.
  [[nodiscard]] std::string to_string() const;
};
std::ostream& operator<<(std::ostream& out, const Path& path);

}  // namespace topology
}  // namespace netrig
