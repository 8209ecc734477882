// Each matcher's failure text is what its header shows. The guide's troubleshooting suite holds the causes.
#include <netrig/testing/eventually.h>
#include <netrig/testing/reach.h>
#include <netrig/testing/state.h>
#include <netrig/topology/lab.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netrig {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class Matchers : public ::testing::Test {
 protected:
  static Topology topology() {
    Topology pair;
    const auto left = pair.host("left"), right = pair.host("right");
    pair.link(left, right, "10.0.0.0/24, fd00::/64");
    return pair;
  }
  template <class Subject>
  static std::string explain(const Subject& subject, const ::testing::Matcher<const Subject&>& matcher) {
    ::testing::StringMatchResultListener listener;
    EXPECT_FALSE(matcher.MatchAndExplain(subject, &listener));
    std::ostringstream text;
    text << "Expected: ";
    matcher.DescribeTo(&text);
    text << "\nActual: " << ::testing::PrintToString(subject) << ", " << listener.str();
    return text.str();
  }
  Lab lab_{topology()};
  Node left_ = lab_["left"], right_ = lab_["right"];
};

TEST_F(Matchers, HasAddressShowsTheAddressesThereAre) {
  EXPECT_THAT(left_, HasAddress("10.0.0.1/24"));
  EXPECT_THAT(explain(left_, HasAddress("10.0.0.1/25")),
              AllOf(HasSubstr("Expected: has address 10.0.0.1/25"), HasSubstr("Actual: \"left\", which has "),
                    HasSubstr("eth0 10.0.0.1/24")));
  EXPECT_THAT(explain(left_, HasAddress("10.0.0.1")), HasSubstr("10.0.0.1"));
}

TEST_F(Matchers, HasRouteShowsTheRoutesThereAre) {
  EXPECT_THAT(left_, HasRoute("10.0.0.0/24"));
  EXPECT_THAT(
      explain(left_, HasRoute("default", "10.0.0.9")),
      AllOf(HasSubstr("has route default via 10.0.0.9"), HasSubstr("whose routes are\n    10.0.0.0/24 dev eth0")));
}

TEST_F(Matchers, HasNeighbourNeedsAnAnswer) {
  EXPECT_THAT(explain(left_, HasNeighbour(right_.address())), HasSubstr("which has no entry for it"));
  ASSERT_THAT(left_, CanReach(right_, traffic::icmp()));
  EXPECT_THAT(left_, HasNeighbour(right_.address()));
}

TEST_F(Matchers, HasOnlyInterfacesShowsWhatThereIs) {
  EXPECT_THAT(left_, HasOnlyInterfaces({"eth0"}));
  EXPECT_THAT(explain(left_, HasOnlyInterfaces({"eth1"})), HasSubstr("which has eth0, lo"));
}

TEST_F(Matchers, IsUpNamesTheEndThatIsDown) {
  const auto cable = lab_.link("left", "right");
  EXPECT_THAT(cable, IsUp());
  right_.set_link_down("eth0");
  EXPECT_THAT(explain(cable, IsUp()), AllOf(HasSubstr("Actual: left:eth0 - right:eth0, "), HasSubstr("no carrier")));
}

TEST_F(Matchers, CanReachNamesDestinationAndService) {
  EXPECT_THAT(
      explain(left_, CanReach(right_, traffic::tcp(631))),
      AllOf(HasSubstr("Expected: can reach \"right\" (10.0.0.2, fd00::2) on tcp/631"),
            HasSubstr("Actual: \"left\", nothing listens on tcp/631 at \"right\" (refused)"), HasSubstr("again: ")));
}

TEST_F(Matchers, CannotReachSaysWhatAnswered) {
  const auto web = right_.listen(traffic::tcp(80));
  EXPECT_THAT(explain(left_, CannotReach(right_, traffic::tcp(80))),
              AllOf(HasSubstr("Expected: cannot reach \"right\""), HasSubstr("connected to 10.0.0.2:80")));
  EXPECT_THAT(left_, CannotReach(right_, traffic::tcp(81), Verdict::no_listener));
}

TEST_F(Matchers, IsIsolatedFromShowsTheRoute) {
  EXPECT_THAT(explain(left_, IsIsolatedFrom(right_)),
              HasSubstr("\"left\" has a route to \"right\": 10.0.0.2 dev eth0"));
  EXPECT_THAT(explain(left_, IsIsolatedFrom(left_)), HasSubstr("shares the network namespace"));
}

TEST(Eventually, ReportsTheLastValueSeen) {
  int asked = 0;
  EXPECT_TRUE(eventually(10s, [&] { return ++asked == 3; }));
  const auto never = eventually(5ms, [] { return 0; });
  EXPECT_FALSE(never);
  EXPECT_THAT(never.message(), AllOf(HasSubstr("not within 5 ms"), HasSubstr("last: 0")));
}

}  // namespace
}  // namespace netrig
