// Private to the module: what iptables-legacy did with a probe, by the counters of its rules before and after.
//
// A rule of x_tables is in no trace. But the trace tells between which two places in a node a packet vanished, and that
// nothing else that is traced took it; of the rules that it could meet there, the one that counted took it.
#pragma once

#include <netrig/topology/journey.h>
#include <netrig/topology/lab_trace.h>
#include <netrig/topology/legacy_rules.h>
#include <netrig/topology/path.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace netrig {
inline namespace topology {

class LegacyEvidence {
 public:
  /// Reads the counters of the nodes that have tables of the family, by iptables-legacy-save. Where there are none this
  /// costs one read of a file a node. The trace must outlive it.
  LegacyEvidence(LabTrace& trace, AddressFamily family);

  /// Whether there is something to read.
  [[nodiscard]] bool any() const { return any_; }
  /// Reads the counters again. Only then the functions below tell what counted.
  void look();
  /// The rules and policies of which one ended a visit, which then vanished in the middle of a node: all that could
  /// have and counted. `packets`: how many vanished there, for the words; `asks`: the packet is of no connection yet;
  /// `refused`: the node told the sender, so that rules that reject are meant, and else, unless there are no others,
  /// those that drop.
  struct End {
    std::size_t packets = 1;
    bool asks = true;
    bool refused = false;
  };
  [[nodiscard]] std::vector<PathDecision> ended(const Visit& visit, const End& end) const;
  /// All that could have ended it and counted, whatever the sender was told, with what they counted.
  [[nodiscard]] std::vector<LegacyRule> stopping(const Visit& visit, bool asks) const;
  /// The rules that could have accepted, as far as the visit came, and counted.
  [[nodiscard]] std::vector<PathDecision> accepted(const Visit& visit, bool asks) const;
  /// `"gw" has tables of iptables-legacy, ...`: why nothing is known of its rules; empty: it is.
  [[nodiscard]] std::string unread(const Visit& visit) const;

 private:
  struct Counters {
    std::vector<LegacyRule> before = {}, after = {};
    std::vector<LegacyRule> grown = {};
    std::vector<IpAddress> own = {};
    std::string unread = {};
  };
  [[nodiscard]] std::vector<LegacyRule> read(std::size_t node);
  [[nodiscard]] std::vector<LegacyRule> counted(const Visit& visit, const std::vector<std::string>& hooks,
                                                bool asks) const;
  [[nodiscard]] bool is_for(const Visit& visit) const;
  [[nodiscard]] bool is_for_itself(const Visit& visit) const;  // its destination is the node's
  [[nodiscard]] PathDecision decision(const LegacyRule& rule, const std::string& evidence) const;

  LabTrace& trace_;
  AddressFamily family_;
  std::vector<std::optional<Counters>> nodes_;  // as of the trace
  bool any_ = false;
};

}  // namespace topology
}  // namespace netrig
