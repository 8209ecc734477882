// What is not a NAT's behaviour: no NAT at all, questions that make no sense, and the state that a question leaves.
// The behaviours themselves: suites/nat.
#include <netrig/net/literals.h>
#include <netrig/nft/presets.h>
#include <netrig/topology/classify_nat.h>
#include <netrig/topology/lab.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sched.h>

namespace netrig {
namespace {

using namespace std::chrono_literals;
using nft::Protocol;
using ::testing::AllOf;
using ::testing::HasSubstr;

Topology two_networks() {
  Topology plan;
  const auto client = plan.host("client");
  auto gw = plan.router("gw");
  const auto server = plan.host("server");
  plan.segment("lan", "10.0.1.0/24, fd00:1::/64").join(client, gw);
  plan.segment("wan", "10.0.2.0/24, fd00:2::/64")
      .join(gw, {.name = "wan"})
      .join(server, {.address = "10.0.2.2/24, 10.0.2.3/24, fd00:2::2/64, fd00:2::3/64"});
  return plan;
}

class ClassifyNatTest : public ::testing::Test {
 protected:
  std::string refusal(const NatQuestion& question) {
    try {
      classify_nat(client_, server_, question);
    } catch (const SetupError& error) {
      return error.what();
    }
    return "";
  }
  const Lab lab_{two_networks()};
  const Node client_ = lab_["client"], gw_ = lab_["gw"], server_ = lab_["server"];
};

TEST_F(ClassifyNatTest, ARouterTranslatesAndFiltersNothing) {
  for (const auto family : {AddressFamily::ipv4, AddressFamily::ipv6}) {
    for (const auto protocol : {Protocol::udp, Protocol::tcp}) {
      const auto found = classify_nat(client_, server_, {.family = family, .protocol = protocol});
      EXPECT_FALSE(found.translates()) << found;
      EXPECT_EQ(found.mapping, nft::Mapping::endpoint_independent) << found;
      EXPECT_EQ(found.filtering, nft::Filtering::endpoint_independent) << found;
      EXPECT_THAT(found.to_string(), HasSubstr("not translated"));
    }
  }
}

TEST_F(ClassifyNatTest, PrintsWhatItFound) {
  gw_.add_rules(nft::nat_masquerade(InterfaceName{"wan"}));
  const auto found = classify_nat(client_, server_);
  const auto port = std::to_string(found.inside.port.value());
  EXPECT_EQ(found.to_string(), "udp 10.0.1.2:" + port + " -> 10.0.2.1:" + port +
                                   ": endpoint-independent mapping, address-and-port-dependent filtering, preserves "
                                   "ports, no hairpinning");
}

TEST_F(ClassifyNatTest, CanBeAskedAgainAtOnce) {
  gw_.add_rules(nft::nat_masquerade(InterfaceName{"wan"}));
  for (const auto protocol : {Protocol::tcp, Protocol::tcp, Protocol::udp, Protocol::udp}) {
    EXPECT_TRUE(classify_nat(client_, server_, {.protocol = protocol}).translates());
  }
}

TEST_F(ClassifyNatTest, LeavesTheThreadOnItsProcessors) {
  cpu_set_t before{}, after{};
  ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
  classify_nat(client_, server_);
  ASSERT_EQ(::sched_getaffinity(0, sizeof after, &after), 0);
  EXPECT_TRUE(CPU_EQUAL(&before, &after));
}

TEST_F(ClassifyNatTest, WantsASecondAddress) {
  server_.remove_address("eth0", "10.0.2.3/24"_ifaddr);
  EXPECT_THAT(refusal({}), AllOf(HasSubstr("\"server\""), HasSubstr("no second address of ipv4 beside 10.0.2.2"),
                                 HasSubstr("add_address()")));
}

TEST_F(ClassifyNatTest, TakesTheSecondAddressThatItIsGiven) {
  EXPECT_EQ(refusal({.alternate_address = "10.0.2.3"_ip}), "");
  EXPECT_THAT(refusal({.alternate_address = "10.0.2.99"_ip}), HasSubstr("bind udp to 10.0.2.99:3478"));
}

TEST_F(ClassifyNatTest, WantsTcpOrUdp) {
  EXPECT_THAT(refusal({.protocol = Protocol::icmp}), HasSubstr("only udp and tcp"));
}

TEST_F(ClassifyNatTest, WantsThePortsToBeFree) {
  const auto taken = server_.listen(traffic::udp(3479));
  EXPECT_THAT(refusal({}), AllOf(HasSubstr("bind udp to 10.0.2.2:3479"), HasSubstr("EADDRINUSE")));
  EXPECT_EQ(refusal({.alternate_port = Port{3480}}), "");
}

TEST_F(ClassifyNatTest, SaysWhenNothingArrives) {
  gw_.add_rules(nft::forward_policy(nft::Policy::drop));
  for (const auto protocol : {Protocol::udp, Protocol::tcp}) {
    EXPECT_THAT(
        refusal({.protocol = protocol, .timeout = 20ms}),
        AllOf(HasSubstr("between \"client\" and \"server\""), HasSubstr("10.0.2.2:3478"), HasSubstr("explain()")));
  }
}

}  // namespace
}  // namespace netrig
