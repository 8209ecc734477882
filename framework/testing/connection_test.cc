// What a NAT remembers of connections, in matchers, and what their failures show.
#include <netrig/testing/connection.h>
#include <netrig/testing/reach.h>
#include <netrig/topology/lab.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netrig {
namespace {

using ::testing::AllOf;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::Le;
using ::testing::Not;

class ConnectionTest : public ::testing::TestWithParam<AddressFamily> {
 protected:
  static Topology topology() {
    Topology office;
    const auto client = office.host("client"), server = office.host("server");
    const auto gw = office.router("gw");
    office.segment("lan", "10.0.0.0/24, fd00::/64").join(client, gw);
    office.segment("wan", "203.0.113.0/24, 2001:db8::/64").join(gw, server);
    return office;
  }
  void SetUp() override {
    gw_.load_ruleset_text("table inet nat { chain post { type nat hook postrouting priority srcnat; oifname \"" +
                          gw_.plan().on("wan")->name.to_string() +
                          "\" masquerade; }; chain pre { type nat hook prerouting priority dstnat; tcp dport 8080 "
                          "redirect to :80; }; }");
  }
  [[nodiscard]] IpAddress public_address() const { return gw_.address("wan", GetParam()); }

  const Lab lab_{topology()};
  const Node client_ = lab_["client"], gw_ = lab_["gw"], server_ = lab_["server"];
};

TEST_P(ConnectionTest, ANatMappingIsFound) {
  const auto web = server_.listen(tcp(80));
  const auto to = server_.address(GetParam());
  EXPECT_THAT(client_, CanReach(to, tcp(80)));
  EXPECT_THAT(gw_, HasConnection(AllOf(ConnectsFrom(client_.address(GetParam())), ConnectsTo(to, Port{80}),
                                       TranslatedTo(public_address()), InState("ASSURED"), TimesOutIn(Gt(0)))));
  EXPECT_THAT(gw_, Not(HasConnection(Untranslated())));
  EXPECT_THAT(gw_, Not(HasConnection(TranslatedTo(to))));
  EXPECT_THAT(gw_, Not(HasConnection(TranslatedTo(public_address(), Port{1}))));
  EXPECT_THAT(gw_, Not(HasConnection(TimesOutIn(Le(0)))));
}

TEST_P(ConnectionTest, AForwardingIsFound) {
  const auto web = gw_.listen(tcp(80));
  const auto asked = server_.address(GetParam());
  EXPECT_THAT(client_, CanReach(asked, tcp(8080)));
  const auto own = gw_.address("lan", GetParam());
  EXPECT_THAT(gw_, HasConnection(AllOf(ConnectsTo(asked, Port{8080}), ForwardedTo(own, Port{80}))));
  EXPECT_THAT(gw_, Not(HasConnection(ForwardedTo(asked))));
}

TEST_P(ConnectionTest, AFailureListsWhatThereIs) {
  const auto to = server_.address(GetParam());
  ::testing::StringMatchResultListener listener;
  const auto wanted = HasConnection(AllOf(ConnectsTo(to, Port{80}), TranslatedTo(to)));
  EXPECT_FALSE(wanted.MatchAndExplain(gw_, &listener));
  EXPECT_THAT(listener.str(), HasSubstr("which has none"));
  const auto web = server_.listen(tcp(80));
  EXPECT_THAT(client_, CanReach(to, tcp(80)));
  listener.Clear();
  EXPECT_FALSE(wanted.MatchAndExplain(gw_, &listener));
  EXPECT_THAT(listener.str(), AllOf(HasSubstr("which has\n    tcp      6 "), HasSubstr("dst=" + to.to_string())));
  std::ostringstream description;
  HasConnection(InState("TIME_WAIT")).DescribeTo(&description);
  EXPECT_EQ(description.str(), "has a connection that is in state TIME_WAIT");
}

INSTANTIATE_TEST_SUITE_P(Families, ConnectionTest, ::testing::Values(AddressFamily::ipv4, AddressFamily::ipv6),
                         [](const auto& info) { return info.param == AddressFamily::ipv4 ? "IPv4" : "IPv6"; });

}  // namespace
}  // namespace netrig
