// Whether comparisons of measurements find the slow-downs that there are, and none that there are not.
//
// Each round compares two networks in turn, some thirty milliseconds a measurement: a link against the same with a
// token bucket of 80% of its rate; a cable against a cable with one more router; and each against itself. A round that
// does not decide, since other work on the machine spoils it, is measured again, for longer, three times at most; what
// is open even then counts as not known, with both measurements and what spoiled them.
//
// The link's own rate is a token bucket's too, so that the link decides and not what else the machine does; the round
// trip is the first quartile of a few hundred, with both sides on one processor.
#pragma once

#include <netrig/topology/lab.h>
#include <netrig/traffic/repeat.h>

#include <string>
#include <vector>

namespace netrig::bench {

/// Two networks, of which more is better.
struct RegressionCase {
  std::string what;
  traffic::Measure before, after;
  bool is_slower = false;  ///< what is to be found
};

/// The networks and what is compared of them. Throws SetupError where one cannot be made, such as without tc-tbf(8).
class RegressionCases {
 public:
  RegressionCases();
  [[nodiscard]] const std::vector<RegressionCase>& all() const { return all_; }

 private:
  Lab link_, slow_link_, cable_, one_router_, two_routers_;
  std::vector<RegressionCase> all_;
};

/// What the rounds of a case found.
struct RegressionCount {
  int rounds = 0;
  int slower = 0, faster = 0, same = 0, unknown = 0;
  double ratios = 0;                ///< their sum
  std::vector<std::string> doubts;  ///< of each that is not known: what was measured, and what spoiled it
};
/// Throws SetupError of a measurement that fails.
[[nodiscard]] RegressionCount compare(const RegressionCase& each, int rounds);

/// What it says of the comparison.
enum class RegressionVerdict {
  right,      ///< each slow-down was called slower; what is unchanged was never called slower or faster
  wrong,      ///< one was called otherwise, or what is unchanged was called slower or faster
  undecided,  ///< of some slow-downs it is not known
};
[[nodiscard]] RegressionVerdict verdict(const RegressionCase& each, const RegressionCount& count);

/// A line above the rows, and one of a case, with its doubts under it.
[[nodiscard]] std::string table_head(int rounds);
[[nodiscard]] std::string table_row(const RegressionCase& each, const RegressionCount& count);

}  // namespace netrig::bench
