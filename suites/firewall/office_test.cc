// A production-like ruleset does what it is to do: a behaviour a test, each of several questions.
#include <netrig/fixtures/lab_test.h>
#include <netrig/suites/firewall/check.h>
#include <netrig/suites/tools.h>
#include <netrig/testing/exercised.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace netrig::office {
namespace {

std::vector<Check> checks_of(const std::string& behaviour) {
  std::vector<Check> some;
  for (const auto& check : checks()) {
    if (check.behaviour == behaviour) some.push_back(check);
  }
  return some;
}

std::set<std::string> behaviours() {
  std::set<std::string> all;
  for (const auto& check : checks()) all.insert(check.behaviour);
  return all;
}

class OfficeFirewallTest : public LabTest, public ::testing::WithParamInterface<std::string> {};

TEST_P(OfficeFirewallTest, DoesWhatItIsTo) {
  proves("office.nft: " + GetParam());
  const auto asked = checks_of(GetParam());
  Office office{services(asked)};
  for (const auto& check : asked) {
    if (check.anew) office.reload();
    const auto seen = check.ask(office);
    EXPECT_EQ(contradiction(check.expected, seen), std::nullopt) << check.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Behaviours, OfficeFirewallTest, ::testing::ValuesIn(behaviours()),
                         [](const auto& info) { return info.param; });

class OfficeRulesTest : public LabTest {};

TEST_F(OfficeRulesTest, AreManyAndEachIsCalledByItsComment) {
  proves("office.nft has more than sixty rules, each with a comment of its own");
  const Office office{{}};
  const auto listing = office.gateway().ruleset();
  std::set<std::string> comments;
  for (const auto& rule : listing.rules()) {
    EXPECT_FALSE(rule.comment.empty()) << rule;
    EXPECT_TRUE(comments.insert(rule.comment).second) << rule;
  }
  EXPECT_GE(listing.rules().size(), 60U);
}

TEST_F(OfficeRulesTest, AreAllExercisedByTheChecks) {
  proves("the checks exercise every rule of office.nft");
  Office office{services(checks())};
  office.gateway().record_coverage();
  for (const auto& check : checks()) check.ask(office);  // what it answers is another test's
  EXPECT_THAT(office.gateway(), AllRulesExercised());
}

TEST_F(OfficeRulesTest, AreWhatNftItselfLoads) {
  proves("`nft -f` makes the same ruleset of the file");
  NETRIG_NEEDS_TOOL("nft");
  const Office office{{}};
  const auto before = office.gateway().ruleset();
  const auto folder = rules_file().parent_path().string();
  const auto loaded = office.gateway().exec({"nft", "-I", folder, "-f", rules_file().string()});
  ASSERT_TRUE(loaded.success()) << loaded.err;
  EXPECT_THAT(nft::differences(before, office.gateway().ruleset()), ::testing::IsEmpty());
}

}  // namespace
}  // namespace netrig::office
