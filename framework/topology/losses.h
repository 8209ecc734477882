// Private to the module: the kernel's own counts of IP packets that it gave up, as proof of what settings explain.
#pragma once

#include <netrig/base/deadline.h>
#include <netrig/topology/node.h>
#include <netrig/topology/question.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace netrig {
inline namespace topology {

/// By name, as nstat(8) prints it: `TcpExtIPReversePathFilter`, `IpInAddrErrors`, `Ip6InNoRoutes`.
using LossCounts = std::map<std::string, std::uint64_t>;

/// The counts of a node, of routing and of addresses. Source: /proc/net/netstat, snmp and snmp6 (proc_net(5)).
/// Empty where the kernel shows none.
LossCounts count_losses(const Node& node);

/// What losses_of_another() looks for.
struct LossSearch {
  std::string_view wanted = {};  ///< the count that has to grow; empty: any of the question's family
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

}  // namespace topology
}  // namespace netrig
