#include <netrig/testing/exercised.h>
#include <netrig/testing/rerun.h>

#include <fmt/ranges.h>

#include <algorithm>

namespace netrig {

bool AllRulesExercisedMatcher::MatchAndExplain(const Node& node, ::testing::MatchResultListener* listener) const {
  try {
    return MatchAndExplain(node.coverage(), listener);
  } catch (const SetupError& error) {
    *listener << error.what() << again_line();
    return false;
  }
}

bool AllRulesExercisedMatcher::MatchAndExplain(const nft::Coverage& seen,
                                               ::testing::MatchResultListener* listener) const {
  if (seen.rules.empty()) {
    *listener << "where there are no rules" << again_line();
    return false;
  }
  for (const auto& comment : except_) {
    if (seen.find_comment(comment) != nullptr) continue;
    *listener << fmt::format("where no rule has the comment \"{}\"", comment) << again_line();
    return false;
  }
  auto unused = seen.unused();
  std::erase_if(unused, [&](const auto& use) { return std::ranges::find(except_, use.rule.comment) != except_.end(); });
  if (unused.empty()) return true;
  *listener << fmt::format("where {} of {} rules {} never hit", unused.size(), seen.rules.size(),
                           unused.size() == 1 ? "was" : "were")
            << (seen.complete ? ":" : ", as far as was heard (not of every packet):");
  for (const auto& use : unused) *listener << "\n    " << use.rule.to_string();
  *listener << again_line();
  return false;
}

void AllRulesExercisedMatcher::DescribeTo(std::ostream* out) const {
  *out << "has exercised all rules";
  if (!except_.empty()) *out << fmt::format(" but \"{}\"", fmt::join(except_, "\", \""));
}

void AllRulesExercisedMatcher::DescribeNegationTo(std::ostream* out) const {
  *out << "not: ";
  DescribeTo(out);
}

}  // namespace netrig
