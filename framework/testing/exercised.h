// Whether the tests have exercised every rule of a firewall.
//
//   gw.record_coverage();
//   ... EXPECT_THAT(guest, CannotReach(printer, tcp(631))); ...
//   EXPECT_THAT(gw, AllRulesExercised());
//     Expected: has exercised all rules
//       Actual: "gw", where 1 of 5 rules was never hit:
//         table inet filter, chain forward, rule 4 (handle 9) "no web": tcp dport 80 drop
#pragma once

#include <netrig/nft/coverage.h>
#include <netrig/topology/node.h>

#include <gmock/gmock.h>

#include <ostream>
#include <string>
#include <vector>

namespace netrig {

/// What AllRulesExercised() makes.
class AllRulesExercisedMatcher {
 public:
  explicit AllRulesExercisedMatcher(std::vector<std::string> except) : except_{std::move(except)} {}
  bool MatchAndExplain(const Node& node, ::testing::MatchResultListener* listener) const;
  bool MatchAndExplain(const nft::Coverage& seen, ::testing::MatchResultListener* listener) const;
  void DescribeTo(std::ostream* out) const;
  void DescribeNegationTo(std::ostream* out) const;

 private:
  std::vector<std::string> except_;
};

/// Of a Node: every rule that is there now has matched a packet since record_coverage(). Of an nft::Coverage, which
/// may be a whole program's (topology/program_coverage.h): every rule in it has. Rules with a comment of `except` need
/// not; a comment that no rule has fails the match, for it excuses nothing. Rules at the ingress hook of an interface
/// (netdev and inet tables) are not seen, so that they count as never hit (nft/coverage_recorder.h): name them there.
inline ::testing::PolymorphicMatcher<AllRulesExercisedMatcher> AllRulesExercised(std::vector<std::string> except = {}) {
  return ::testing::MakePolymorphicMatcher(AllRulesExercisedMatcher{std::move(except)});
}

}  // namespace netrig
