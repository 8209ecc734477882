// Private to the module: the kernel's own counts of IP packets that it gave up, as proof of what settings explain.
#pragma once

#include <netrig/base/deadline.h>
#include <netrig/topology/node.h>
#include <netrig/topology/question.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace netrig {
inline namespace topology {

/// By name, as nstat(8) prints it: `TcpExtIPReversePathFilter`, `IpInAddrErrors`, `Ip6InNoRoutes`; those of connection
/// tracking as `conntrack -S`, which are of both families: `conntrack insert_failed`.
using LossCounts = std::map<std::string, std::uint64_t>;

/// The counts of a node, of routing, addresses and connection tracking. Source: /proc/net/netstat, snmp, snmp6
/// (proc_net(5)) and stat/nf_conntrack (net/netfilter/nf_conntrack_standalone.c, ct_cpu_seq_show()).
/// Empty where the kernel shows none.
LossCounts count_losses(const Node& node);

/// How counts of connection tracking begin.
inline constexpr std::string_view kTrackingLoss = "conntrack ";

/// What losses_of_another() looks for.
struct LossSearch {
  /// The count that has to grow; empty: any of the question's family; kTrackingLoss: one of connection tracking's
  /// losses.
  std::string_view wanted = {};
  bool alone = false;  ///< by no more than was asked, and not while nothing is asked: others' packets count too
  Deadline deadline;
};

/// What was counted while the same was asked again, of the question's family.
struct Losses {
  LossCounts grown;
  bool found = false;  ///< as it was looked for
};

/// Asks the same again until the wanted count of the node grows, or the deadline has passed; at least five times, since
/// a busy machine may take the time for itself. Counts cannot be read before a question that is not known to fail: that
/// would cost every one that does not.
Losses losses_of_another(const Node& from, const Question::Target& target, const Node& at, const LossSearch& search);

/// `"gw" counted another such probe: TcpExtIPReversePathFilter +1`
std::string losses_text(const Node& at, const LossCounts& grown);

/// What connection tracking, which gives packets up before and after all rules, made of another such question.
struct TrackingLoss {
  std::string text;
  bool proven = false;  ///< it gave up the question alone: the text says why; else others' packets too, perhaps only
};
/// None where it gave up nothing at the node; where it has given up nothing ever, nothing is asked.
std::optional<TrackingLoss> tracking_loss(const Node& from, const Question::Target& target, const Node& at,
                                          Deadline deadline);

}  // namespace topology
}  // namespace netrig
