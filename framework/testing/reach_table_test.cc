// Tables of reachability, and what a table that differs shows.
#include <netrig/testing/reach.h>
#include <netrig/testing/reach_table.h>
#include <netrig/topology/lab.h>

#include <gmock/gmock.h>
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <string>

namespace netrig {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class ReachTableTest : public ::testing::Test {
 protected:
  static Topology topology() {
    Topology plan;
    const auto gw = plan.router("gw");
    plan.segment("a", "10.0.1.0/24").join(plan.host("guest"), gw);
    plan.segment("b", "10.0.2.0/24").join(plan.host("staff"), gw);
    return plan;
  }
  void SetUp() override {
    lab_["gw"].load_ruleset_text(R"(table inet t { chain guard { type filter hook forward priority 0; policy drop;
      ct state established accept
      iifname "eth0" tcp dport 22 accept comment "ssh for guests"
      iifname "eth0" drop comment "guests stay out"
      iifname "eth1" meta l4proto { icmp, udp } accept
    }; })");
  }
  [[nodiscard]] Reachability seen() const {
    return reachability({lab_["guest"], lab_["staff"]}, {tcp(631), tcp(22), udp(53), icmp()},
                        {.patience = std::chrono::seconds{30}});
  }
  static std::string failure_of(const Reachability& seen, std::string_view table) {
    ::testing::StringMatchResultListener listener;
    EXPECT_FALSE(MatchesTable(table).MatchAndExplain(seen, &listener));
    return listener.str();
  }

  const Lab lab_{topology()};
};

TEST_F(ReachTableTest, AgreesInAnyOrderOfRowsAndColumns) {
  const auto now = seen();
  EXPECT_THAT(now, MatchesTable(R"(
          | guest       | staff
    guest | -           | 22
    staff | udp/53 icmp | -      )"));
  EXPECT_THAT(now, MatchesTable(R"(
          | staff  | guest
    staff | -      | icmp udp/53
    guest | tcp/22 | -           )"));
  EXPECT_THAT(now, Not(MatchesTable("| guest | staff \n guest | - | none \n staff | all | -")));
}

TEST_F(ReachTableTest, NamesTheRuleForEachCellThatDiffers) {
  const auto said = failure_of(seen(), R"(
          | guest       | staff
    guest | -           | 631
    staff | udp/53 icmp | -      )");
  EXPECT_THAT(
      said, AllOf(HasSubstr("1 cell differs:\n          | guest       | staff\n    guest | -           | no 631! 22!\n"
                            "    staff | udp/53 icmp | -\n    guest to staff on 631: "),
                  HasSubstr("guest to staff on 631: not reached; dropped at \"gw\": table inet t, chain guard, rule 3"),
                  HasSubstr("guest to staff on 22: reached, expected not; connected to 10.0.2.2:22"),
                  HasSubstr("guard t rule 2 accept"), HasSubstr("again: ")));
}

TEST_F(ReachTableTest, AFailedAssertionShowsOneTable) {
  const auto now = seen();
  ::testing::TestPartResultArray failures;
  {
    const ::testing::ScopedFakeTestPartResultReporter reporter{&failures};
    EXPECT_THAT(now, MatchesTable("| guest | staff \n guest | - | all \n staff | none | -"));
    EXPECT_THAT(now, Not(MatchesTable("| guest | staff \n guest | - | 22 \n staff | udp/53 icmp | -")));
  }
  ASSERT_EQ(failures.size(), 2);
  EXPECT_THAT(failures.GetTestPartResult(0).message(),
              HasSubstr("Expected: matches the table\n  Actual: 2 nodes asked on 631 22 udp/53 icmp (of type "
                        "netrig::topology::Reachability), 2 cells differ:\n"
                        "          | guest         | staff\n"
                        "    guest | -             | no 631! 22 no udp/53! no icmp!\n"
                        "    staff | udp/53! icmp! | -\n    guest to staff on 631: "));
  EXPECT_THAT(failures.GetTestPartResult(1).message(), HasSubstr("does not match the table\n  Actual: 2 nodes asked on "
                                                                 "631 22 udp/53 icmp (of type"));
  EXPECT_THAT(failures.GetTestPartResult(1).message(), HasSubstr("all as in the table:\n          | guest"));
}

TEST_F(ReachTableTest, SilenceThatNothingExplainsDiffersFromEveryTable) {
  lab_["gw"].add_neighbour({.device = {.name = InterfaceName{"eth1"}},
                            .address = lab_["staff"].address(),
                            .mac = MacAddress::parse("02:00:00:00:99:99").value()});  // nobody's
  const auto now = reachability({lab_["guest"], lab_["staff"]}, {tcp(22)}, {.patience = std::chrono::milliseconds{1}});
  EXPECT_THAT(failure_of(now, "| guest | staff \n guest | - | none \n staff | none | -"),
              AllOf(HasSubstr("guest | -     | 22 unproven!"),
                    HasSubstr("guest to staff on 22: not reached, and nothing proved why; lost after \"gw\"")));
}

TEST_F(ReachTableTest, WhatIsNoTableIsSaid) {
  const auto now = seen();
  EXPECT_THAT(failure_of(now, ""), HasSubstr("needs a heading and 2 rows, it has 0"));
  EXPECT_THAT(failure_of(now, "| guest | staff \n guest | - | 22 \n nobody | none | -"),
              HasSubstr("the table names \"nobody\""));
  EXPECT_THAT(failure_of(now, "| guest | staff \n guest | - | 23 \n staff | none | -"),
              HasSubstr("the cell of \"guest\" to \"staff\" holds \"23\", which names no service"));
  EXPECT_THAT(failure_of(now, "| guest | staff \n guest | 22 | 22 \n staff | none | -"),
              HasSubstr("the cell of \"guest\" to \"guest\" holds \"22\""));
  EXPECT_THAT(failure_of(now, "| guest | staff \n guest | - | 22 \n guest | - | 22"),
              HasSubstr("two rows of \"guest\""));
  EXPECT_THAT(failure_of(now, "| guest | guest \n guest | - | - \n staff | none | none"),
              HasSubstr("two columns of \"guest\""));
  EXPECT_THAT(failure_of(now, "| guest | staff \n guest | - \n staff | none | -"),
              HasSubstr("row 1 of the table has 1 cells"));
}

}  // namespace
}  // namespace netrig
