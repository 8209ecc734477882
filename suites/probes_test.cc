// What the rig's own probes tell of the network between: who said no, how, and from where.
#include <netrig/fixtures/routed_subnets_test.h>
#include <netrig/nft/presets.h>
#include <netrig/nft/transaction.h>
#include <netrig/suites/tools.h>
#include <netrig/testing/reach.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace netrig {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class ProbesAcrossARouter : public RoutedSubnetsTest, public ::testing::WithParamInterface<AddressFamily> {
 protected:
  [[nodiscard]] bool v4() const { return GetParam() == AddressFamily::ipv4; }
  IpAddress far() { return right().address(GetParam()); }
  // The only rule of the router's forward chain.
  void reject(nft::Rule rule) {
    router().change_rules(
        nft::Transaction{}.add(nft::forward_policy(nft::Policy::accept)).add(nft::forward_chain(), std::move(rule)));
  }
};
INSTANTIATE_TEST_SUITE_P(BothFamilies, ProbesAcrossARouter, ::testing::Values(AddressFamily::ipv4, AddressFamily::ipv6),
                         [](const auto& family) { return family.param == AddressFamily::ipv4 ? "IPv4" : "IPv6"; });

TEST_P(ProbesAcrossARouter, SeeWhoLetTheTimeToLiveRunOut) {
  const auto report = left().ping({.destination = far(), .count = 1, .ttl = 1});
  ASSERT_EQ(report.errors.size(), 1U) << report;
  EXPECT_EQ(report.errors[0].from, router().address("left", GetParam()));
  EXPECT_THAT(report.errors[0].reason(), HasSubstr(v4() ? "Time to live exceeded" : "Time exceeded: Hop limit"));
}

TEST_P(ProbesAcrossARouter, SeeWhoFoundThePacketTooBig) {
  netlink::LinkChange narrower{.device = {.name = InterfaceName{"right"}}};
  narrower.mtu = 1400;
  router().netlink([&](netlink::Socket& socket) { ASSERT_TRUE(netlink::Batch{socket}.change_link(narrower).send()); });
  const auto report = left().ping({.destination = far(), .count = 1, .size = 1440, .dont_fragment = true});
  ASSERT_EQ(report.errors.size(), 1U) << report;
  EXPECT_EQ(report.errors[0].from, router().address("left", GetParam()));
  EXPECT_EQ(report.errors[0].mtu, 1400U);
}

TEST_P(ProbesAcrossARouter, SayThatTheOwnLinkIsTooNarrow) {
  const auto report = left().ping({.destination = far(), .count = 1, .size = 2000, .dont_fragment = true});
  ASSERT_EQ(report.errors.size(), 1U) << report;
  EXPECT_EQ(report.errors[0].local_error, EMSGSIZE);
}

TEST_P(ProbesAcrossARouter, FragmentWhatIsTooBigOtherwise) {
  EXPECT_TRUE(left().ping({.destination = far(), .count = 1, .size = 4000}).complete());
}

TEST_P(ProbesAcrossARouter, SeeAnIcmpRejection) {
  reject(nft::Rule{}.reject());
  const auto report = left().ping({.destination = far(), .count = 1});
  ASSERT_EQ(report.errors.size(), 1U) << report;
  EXPECT_EQ(report.errors[0].from, router().address("left", GetParam()));
  EXPECT_THAT(report.errors[0].reason(), HasSubstr(v4() ? "Destination Port Unreachable" : "Port unreachable"));
}

TEST_P(ProbesAcrossARouter, TellARejectedDatagramFromARefusedOne) {
  const auto refused = left().probe(far(), traffic::udp(9));
  EXPECT_EQ(refused.kind, traffic::ProbeOutcome::Kind::refused) << refused;
  EXPECT_EQ(refused.reporter, far());
  reject(nft::Rule{}.reject());
  const auto rejected = left().probe(far(), traffic::udp(9));
  EXPECT_EQ(rejected.kind, traffic::ProbeOutcome::Kind::rejected) << rejected;
  EXPECT_EQ(rejected.reporter, router().address("left", GetParam()));
}

TEST_P(ProbesAcrossARouter, TellARejectedConnectionFromARefusedOne) {
  const auto refused = left().probe(far(), traffic::tcp(9));
  EXPECT_EQ(refused.kind, traffic::ProbeOutcome::Kind::refused) << refused;
  EXPECT_EQ(refused.reporter, std::nullopt);
  const auto web = right().listen(traffic::tcp(80));
  reject(nft::Rule{}.reject());
  const auto rejected = left().probe(far(), traffic::tcp(80));
  EXPECT_EQ(rejected.kind, traffic::ProbeOutcome::Kind::rejected) << rejected;
  EXPECT_EQ(rejected.reporter, router().address("left", GetParam()));
}

TEST_P(ProbesAcrossARouter, SayThatTheOwnFirewallKeepsThemIn) {
  left().add_rules(nft::output_policy(nft::Policy::drop));
  const auto report = left().ping({.destination = far(), .count = 1});
  ASSERT_EQ(report.errors.size(), 1U) << report;
  EXPECT_EQ(report.errors[0].local_error, EPERM);
}

TEST_P(ProbesAcrossARouter, ComeFromTheSourceThatIsSaid) {
  const auto second = InterfaceAddress::parse(v4() ? "10.10.1.200/24" : "fd10:1::200/64").value();
  left().add_address("eth0", second);
  auto web = right().listen(traffic::tcp(80));
  const auto outcome =
      left().probe({.service = traffic::tcp(80), .destination = far(), .source = second.address()}, 5s);
  ASSERT_TRUE(outcome.answered()) << outcome;
  EXPECT_EQ(web.last_peer()->address, second.address());
}

// A suite that shares one lab: built once, for those who ask for it.
class SharedPair : public SharedLabTest<SharedPair> {
 public:
  static Topology topology() {
    Topology pair;
    const auto left = pair.host("left"), right = pair.host("right");
    pair.link(left, right);
    return pair;
  }
};

TEST_F(SharedPair, IsBuiltForTheFirstTest) { EXPECT_THAT(node("left"), CanReach(node("right"), traffic::icmp())); }
TEST_F(SharedPair, AndServesTheSecond) { EXPECT_THAT(node("right"), CanReach(node("left"), traffic::icmp())); }

}  // namespace
}  // namespace netrig
