// Private to the module: what rules of iptables-legacy did with many packets that were about at once.
//
// Such packets share the rules' counters. Where rules together counted at least as many packets as vanished of those
// that they could have ended, they ended all of these; and a packet's verdict is certain when all that could have ended
// it agree.
#pragma once

#include <netrig/topology/legacy_evidence.h>
#include <netrig/topology/verdict.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace netrig {
inline namespace topology {

class LegacyVerdicts {
 public:
  /// Of counters that were looked at no later than the visits were collected, so that what vanishes meanwhile makes
  /// nothing certain. Both must outlive it.
  LegacyVerdicts(const LegacyEvidence& legacy, const std::vector<Visit>& visits);

  struct End {
    bool suspected = false;               ///< a rule could have ended the visit, and counted
    std::optional<Verdict> verdict = {};  ///< dropped or rejected, where that is certain
  };
  /// Of a visit by its position. `asks`: its packet is of no connection yet.
  [[nodiscard]] End end(std::size_t visit, bool asks) const;

 private:
  using Suspects = std::map<std::string, LegacyRule>;  // by place
  [[nodiscard]] Suspects suspects(const Visit& visit, bool asks) const;
  [[nodiscard]] bool account_for_all(std::set<std::string> places) const;

  const LegacyEvidence& legacy_;
  const std::vector<Visit>& visits_;
  std::map<std::set<std::string>, std::size_t> vanished_;  // how many, by the places of all that could have ended each
  std::map<std::string, std::uint64_t> counted_;           // by place
};

}  // namespace topology
}  // namespace netrig
