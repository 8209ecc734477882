#include <netrig/topology/legacy_verdicts.h>

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace netrig {
inline namespace topology {

LegacyVerdicts::LegacyVerdicts(const LegacyEvidence& legacy, const std::vector<Visit>& visits)
    : legacy_{legacy}, visits_{visits} {
  for (const auto& visit : visits) {
    std::set<std::string> places;
    for (const auto& [place, rule] : suspects(visit, false)) {
      places.insert(place);
      counted_[place] = rule.packets;
    }
    if (!places.empty()) ++vanished_[std::move(places)];
  }
}

LegacyVerdicts::Suspects LegacyVerdicts::suspects(const Visit& visit, bool asks) const {
  Suspects found;
  for (auto& rule : legacy_.stopping(visit, asks))
    found.emplace(fmt::format("{} {} {} {}", visit.node, rule.table, rule.chain, rule.position), std::move(rule));
  return found;
}

// These, and those that could have ended the same packets as they, and so on.
bool LegacyVerdicts::account_for_all(std::set<std::string> places) const {
  std::uint64_t vanished = 0, counted = 0;
  std::set<const std::set<std::string>*> taken;
  for (bool more = true; std::exchange(more, false);) {
    for (const auto& [suspects, packets] : vanished_) {
      const auto is_known = [&](const auto& place) { return places.contains(place); };
      if (taken.contains(&suspects) || std::ranges::none_of(suspects, is_known)) continue;
      taken.insert(&suspects);
      vanished += packets;
      places.insert(suspects.begin(), suspects.end());
      more = true;
    }
  }
  for (const auto& place : places) counted += counted_.at(place);
  return counted >= vanished;
}

LegacyVerdicts::End LegacyVerdicts::end(std::size_t visit, bool asks) const {
  const auto found = suspects(visits_[visit], asks);
  if (found.empty()) return {};
  std::set<std::string> places;
  for (const auto& [place, rule] : found) places.insert(place);
  const auto rejecting = std::ranges::count_if(found, [](const auto& each) { return each.second.rejects(); });
  const bool agreed = rejecting == 0 || static_cast<std::size_t>(rejecting) == found.size();
  if (!agreed || !account_for_all(std::move(places))) return {.suspected = true};
  return {.suspected = true, .verdict = rejecting == 0 ? Verdict::dropped : Verdict::rejected};
}

}  // namespace topology
}  // namespace netrig
