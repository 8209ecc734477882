// A firewall that is tested to its last rule, and what a rule that was forgotten shows.
#include <netrig/testing/exercised.h>
#include <netrig/testing/reach.h>
#include <netrig/topology/lab.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace netrig {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ExercisedTest : public ::testing::Test {
 protected:
  static Topology topology() {
    Topology office;
    const auto guest = office.host("guest"), printer = office.host("printer");
    const auto gw = office.router("gw");
    office.link(guest, gw, "10.0.1.0/24, fd00:1::/64");
    office.link(gw, printer, "10.0.2.0/24, fd00:2::/64");
    return office;
  }
  void SetUp() override {
    gw_.load_ruleset_text(R"(table inet t {
      chain guard {
        type filter hook forward priority 0
        tcp dport 631 drop comment "guests stay out"
        icmp type echo-request accept
        udp dport 53 accept comment "names"
      }
    })");
  }
  template <class Subject>
  static std::string failure_of(const Subject& subject, const ::testing::Matcher<const Subject&>& matcher) {
    ::testing::StringMatchResultListener listener;
    EXPECT_FALSE(matcher.MatchAndExplain(subject, &listener));
    return listener.str();
  }

  const Lab lab_{topology()};
  const Node guest_ = lab_["guest"], gw_ = lab_["gw"], printer_ = lab_["printer"];
};

TEST_F(ExercisedTest, ARuleThatNothingHitIsNamed) {
  gw_.record_coverage();
  EXPECT_THAT(guest_, CannotReach(printer_, tcp(631), Because(Verdict::dropped)));
  EXPECT_THAT(guest_, CanReach(printer_, icmp()));
  EXPECT_THAT(gw_, Not(AllRulesExercised()));
  EXPECT_THAT(failure_of<Node>(gw_, AllRulesExercised()),
              ::testing::StartsWith("where 1 of 3 rules was never hit:\n"
                                    "    table inet t, chain guard, rule 3 (handle 4) \"names\": udp dport 53 accept\n"
                                    "    again: "));
  EXPECT_THAT(gw_, AllRulesExercised({"names"}));
  const auto names = printer_.listen(udp(53));
  EXPECT_THAT(guest_, CanReach(printer_, udp(53)));
  EXPECT_THAT(gw_, AllRulesExercised());
  EXPECT_THAT(gw_.coverage(), AllRulesExercised());
}

TEST_F(ExercisedTest, AnExceptionMustExist) {
  gw_.record_coverage();
  EXPECT_THAT(failure_of<Node>(gw_, AllRulesExercised({"nmaes"})),
              HasSubstr("where no rule has the comment \"nmaes\""));
}

TEST_F(ExercisedTest, WithoutARecordingItSaysHowToBegin) {
  EXPECT_THAT(failure_of<Node>(gw_, AllRulesExercised()), HasSubstr("call record_coverage() first"));
}

TEST(Exercised, NoRulesAreNoTestedFirewall) {
  ::testing::StringMatchResultListener listener;
  const ::testing::Matcher<const nft::Coverage&> all = AllRulesExercised({});
  EXPECT_FALSE(all.MatchAndExplain(nft::Coverage{}, &listener));
  EXPECT_THAT(listener.str(), HasSubstr("where there are no rules"));
}

TEST(Exercised, SaysWhatItDidNotHear) {
  const nft::Coverage deaf{.rules = {nft::RuleUse{}}, .complete = false};
  ::testing::StringMatchResultListener listener;
  const ::testing::Matcher<const nft::Coverage&> all = AllRulesExercised({});
  EXPECT_FALSE(all.MatchAndExplain(deaf, &listener));
  EXPECT_THAT(listener.str(), HasSubstr("never hit, as far as was heard"));
  std::ostringstream description;
  const ::testing::Matcher<const nft::Coverage&> most = AllRulesExercised({"a", "b"});
  most.DescribeTo(&description);
  EXPECT_EQ(description.str(), R"(has exercised all rules but "a", "b")");
}

}  // namespace
}  // namespace netrig
