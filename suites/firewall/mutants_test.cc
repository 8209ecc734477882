// The checks of the office's firewall are worth something: whichever rule is removed, or decides otherwise, one of them
// notices.
#include <netrig/fixtures/lab_test.h>
#include <netrig/suites/firewall/check.h>
#include <netrig/suites/firewall/mutants.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace netrig::office {
namespace {

// A check, and the rules that its packets met.
struct Known {
  const Check* check;
  std::set<std::string> met;
  std::string text;  // of its way
};

// What is not so in the office as it should be; the rules that each check met otherwise.
std::vector<Known> baseline(Office& office) {
  std::vector<Known> known;
  for (const auto& check : checks()) {
    if (check.anew) office.reload();
    auto seen = check.ask(office);
    EXPECT_EQ(contradiction(check.expected, seen), std::nullopt) << check.behaviour << ": " << check.name;
    known.push_back({&check, std::move(seen.met), std::move(seen.text)});
  }
  return known;
}

void apply(const Office& office, const Mutant& mutant) {
  office.reload();
  if (!mutant.command.empty()) office.gateway().load_ruleset_text(mutant.command, {.interfaces_must_exist = false});
}

// Those that are likely to notice first: their packets meet the rules, and have to do with the word.
int rank(const Known& known, const Mutant& mutant) {
  const bool meets = std::ranges::any_of(mutant.rules, [&](const auto& rule) { return known.met.contains(rule); });
  if (!meets) return 2;
  return known.text.contains(mutant.word) ? 0 : 1;
}

// Whether the mutant is noticed by what becomes of the check's packets. That they no longer meet a rule, which decided
// nothing, is no such thing; but all that is seen of one that logs.
bool notices(const Check& check, const Mutant& mutant, Office& office) {
  const auto expected = mutant.logs ? check.expected : check.expected.effects();
  return contradiction(expected, check.ask(office)).has_value();
}

// The checks that notice: the first one is enough unless `all` are wanted.
std::vector<const Check*> who_notices(Office& office, const Mutant& mutant, const std::vector<Known>& known, bool all) {
  std::vector<const Known*> order;
  for (const int wanted : {0, 1, 2}) {
    for (const auto& each : known) {
      if (rank(each, mutant) == wanted) order.push_back(&each);
    }
  }
  std::vector<const Check*> noticed;
  apply(office, mutant);
  for (const auto* each : order) {
    if (each->check->anew) apply(office, mutant);
    if (notices(*each->check, mutant, office)) noticed.push_back(each->check);
    if (!noticed.empty() && !all) break;
  }
  return noticed;
}

std::string row(const Mutant& mutant, const std::vector<const Check*>& noticed) {
  const auto by = noticed.empty() ? "SURVIVES" : noticed.front()->behaviour + ": " + noticed.front()->name;
  const auto more = noticed.size() < 2 ? "" : fmt::format(", and {} more", noticed.size() - 1);
  const auto* how = mutant.logs ? " (by its trace alone: what it logs is not seen)" : "";
  return fmt::format("{:<48} {:<8} {}{}{}\n", mutant.what, mutant.fault, by, more, how);
}

class OfficeMutantsTest : public LabTest {
 protected:
  using Mutants = std::vector<Mutant>(const nft::Listing& listing);
  // Prints the table.
  static void expect_noticed(Mutants* make) {
    const bool thorough = std::getenv("NETRIG_THOROUGH") != nullptr;
    Office office{services(checks())};
    const auto known = baseline(office);
    ASSERT_FALSE(HasFailure()) << "the rules do not do what they are to do, so that mutants tell nothing";
    office.reload();
    const auto mutants = make(office.gateway().ruleset());
    std::size_t survivors = 0;
    for (const auto& mutant : mutants) {
      const auto noticed = who_notices(office, mutant, known, thorough);
      survivors += noticed.empty() ? 1 : 0;
      fmt::print("{}", row(mutant, noticed));
      EXPECT_FALSE(noticed.empty()) << mutant.what << ": " << mutant.fault;
    }
    fmt::print("{} mutants, {} survive\n", mutants.size(), survivors);
  }
};

TEST_F(OfficeMutantsTest, EachOfARuleIsNoticed) {
  proves("whichever rule of office.nft is removed, or decides otherwise, a check fails");
  expect_noticed(rule_mutants);
}

TEST_F(OfficeMutantsTest, EachOfAnElementIsNoticed) {
  proves("whichever element of its sets and maps is removed, or decides otherwise, a check fails");
  expect_noticed(element_mutants);
}

TEST_F(OfficeMutantsTest, AForwardingStraysWithinItsFamily) {
  Topology plan;
  (void)plan.host("gw");
  build(plan);
  std::string rules;
  for (const std::string name : {"inet", "ip", "ip6"}) {
    rules += "table " + name + " t { chain c { type nat hook prerouting priority dstnat; }; }\n";
    for (const std::string family : {"ip", "ip6"}) {
      if (name != "inet" && name != family) continue;
      const auto to = family == "ip" ? "10.0.0.2" : "fd00::2";
      rules += fmt::format("add rule {} t c tcp dport 80 dnat {}to {} comment \"{} {}\"\n", name,
                           name == "inet" ? family + " " : "", to, name, family);
    }
  }
  node("gw").load_ruleset_text(rules);
  std::map<std::string, std::string> strayed;
  for (const auto& mutant : rule_mutants(node("gw").ruleset())) {
    if (mutant.fault != "strays") continue;
    node("gw").load_ruleset_text(mutant.command);  // which refuses an address of the other family
    const auto listing = node("gw").ruleset();
    strayed[mutant.what] = listing.find_comment(mutant.what)->text;
  }
  using ::testing::HasSubstr;
  using ::testing::Pair;
  EXPECT_THAT(strayed, ::testing::ElementsAre(Pair("inet ip", HasSubstr("dnat ip to 192.0.2.99")),
                                              Pair("inet ip6", HasSubstr("dnat ip6 to 2001:db8:ffff::99")),
                                              Pair("ip ip", HasSubstr("dnat to 192.0.2.99")),
                                              Pair("ip6 ip6", HasSubstr("dnat to 2001:db8:ffff::99"))));
}

TEST_F(OfficeMutantsTest, WhatChangesNothingIsNotNoticed) {
  proves("checks fail because of what is wrong, and not by chance");
  Office office{services(checks())};
  const Mutant unchanged{.what = "nothing", .fault = "", .command = "", .rules = {}};
  std::vector<Known> all;
  for (const auto& check : checks()) all.push_back({&check, {}, {}});
  for (const auto* check : who_notices(office, unchanged, all, true))
    ADD_FAILURE() << check->behaviour << ": " << check->name;
}

}  // namespace
}  // namespace netrig::office
