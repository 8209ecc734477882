// The checks of the office's firewall are worth something: whichever rule is removed, or decides otherwise, one of them
// notices.
#include <netrig/fixtures/lab_test.h>
#include <netrig/suites/firewall/check.h>
#include <netrig/suites/firewall/mutants.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <vector>

namespace netrig::office {
namespace {

// A check, and the rules that its packets met.
struct Known {
  const Check* check;
  std::set<std::string> met;
};

// What is not so in the office as it should be; the rules that each check met otherwise.
std::vector<Known> baseline(Office& office) {
  std::vector<Known> known;
  for (const auto& check : checks()) {
    office.reload();
    auto seen = check.ask(office);
    EXPECT_EQ(contradiction(check.expected, seen), std::nullopt) << check.behaviour << ": " << check.name;
    known.push_back({&check, std::move(seen.met)});
  }
  return known;
}

// The checks that notice: those whose packets meet the rule are asked first, and the first one is enough unless
// `all` are wanted. Each sees a ruleset that has learned nothing yet.
std::vector<const Check*> who_notices(Office& office, const Mutant& mutant, const std::vector<Known>& known, bool all) {
  std::vector<const Check*> noticed;
  for (const bool meets : {true, false}) {
    for (const auto& each : known) {
      if (each.met.contains(mutant.rule.comment) != meets) continue;
      office.reload();
      if (!mutant.command.empty()) office.gateway().load_ruleset_text(mutant.command, {.interfaces_must_exist = false});
      if (contradiction(each.check->expected, each.check->ask(office))) noticed.push_back(each.check);
      if (!noticed.empty() && !all) return noticed;
    }
  }
  return noticed;
}

std::string row(const Mutant& mutant, const std::vector<const Check*>& noticed) {
  const auto by = noticed.empty() ? "SURVIVES" : noticed.front()->behaviour + ": " + noticed.front()->name;
  const auto more = noticed.size() < 2 ? "" : fmt::format(", and {} more", noticed.size() - 1);
  return fmt::format("{:<48} {:<8} {}{}\n", mutant.rule.comment, mutant.fault, by, more);
}

class OfficeMutantsTest : public LabTest {};

TEST_F(OfficeMutantsTest, EachIsNoticed) {
  proves("whichever rule of office.nft is removed, or decides otherwise, a check fails");
  const bool thorough = std::getenv("NETRIG_THOROUGH") != nullptr;
  Office office{services(checks())};
  const auto known = baseline(office);
  ASSERT_FALSE(HasFailure()) << "the rules do not do what they are to do, so that mutants tell nothing";
  office.reload();
  const auto mutants = mutants_of(office.gateway().ruleset());
  std::size_t survivors = 0;
  for (const auto& mutant : mutants) {
    const auto noticed = who_notices(office, mutant, known, thorough);
    survivors += noticed.empty() ? 1 : 0;
    fmt::print("{}", row(mutant, noticed));
    EXPECT_FALSE(noticed.empty()) << mutant.fault << ": " << mutant.rule;
  }
  fmt::print("{} rules, {} mutants, {} survive\n", office.gateway().ruleset().rules().size(), mutants.size(),
             survivors);
}

TEST_F(OfficeMutantsTest, WhatChangesNothingIsNotNoticed) {
  proves("checks fail because of what is wrong, and not by chance");
  Office office{services(checks())};
  const auto rules = office.gateway().ruleset();
  const Mutant unchanged{.rule = rules.rules().front(), .fault = "nothing", .command = ""};
  std::vector<Known> all;
  for (const auto& check : checks()) all.push_back({&check, {}});
  for (const auto* check : who_notices(office, unchanged, all, true))
    ADD_FAILURE() << check->behaviour << ": " << check->name;
}

}  // namespace
}  // namespace netrig::office
