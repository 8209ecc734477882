// Private to the module's tests: a rule of every kind, with the text that nft shows for it.
#pragma once

#include <netrig/nft/ruleset.h>

#include <ostream>
#include <string>
#include <vector>

namespace netrig::nft {

struct RuleCase {
  Family family;
  Hook hook;  ///< prerouting and postrouting: a chain of type nat
  Rule rule;
  std::string text;
  std::string needs = {};      ///< what a kernel may lack: the module that the rule takes
  std::vector<Set> sets = {};  ///< of the table, which the rule looks into
};

inline std::ostream& operator<<(std::ostream& out, const RuleCase& rule) {
  return out << rule.family << ' ' << rule.hook << ' ' << rule.text;
}

/// Look-ups in sets and verdict maps, named and not.
std::vector<RuleCase> set_cases();
/// Every match and statement, in the families where it is different.
std::vector<RuleCase> rule_cases();

}  // namespace netrig::nft
