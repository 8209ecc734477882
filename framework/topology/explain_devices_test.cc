// Rules at interfaces (ingress, egress) and at a router's own bridge, which packets meet before and after all others.
// A client, a gateway, a server; both families.
#include <netrig/netlink/link_kind.h>
#include <netrig/topology/explain.h>
#include <netrig/topology/lab.h>
#include <netrig/topology/reachability.h>
#include <netrig/topology/test_topologies.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace netrig {
namespace {

using namespace std::chrono_literals;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using traffic::icmp;
using traffic::tcp;
using traffic::udp;

namespace at_devices {

// Long: only what is not explained by evidence waits for it.
constexpr ExplainOptions kPatient{.patience = 30s};

class ExplainDevicesTest : public ::testing::TestWithParam<AddressFamily> {
 protected:
  [[nodiscard]] Path asked(const traffic::Service& service) const { return explain(client_, to(), service, kPatient); }
  [[nodiscard]] IpAddress to() const { return server_.address(GetParam()); }
  static void load(const Node& node, const std::string& family, const std::string& hook, const std::string& rules) {
    node.load_ruleset_text("flush ruleset; table " + family + " t { chain c { type filter hook " + hook +
                           " priority 0; " + rules + "; }; }");
  }

  const Lab lab_{test::behind_a_gateway()};
  const Node client_ = lab_["client"], gw_ = lab_["gw"], server_ = lab_["server"];
};

std::string family_name(const ::testing::TestParamInfo<AddressFamily>& family) {
  return family.param == AddressFamily::ipv4 ? "IPv4" : "IPv6";
}
INSTANTIATE_TEST_SUITE_P(Families, ExplainDevicesTest, ::testing::Values(AddressFamily::ipv4, AddressFamily::ipv6),
                         family_name);

TEST_P(ExplainDevicesTest, ADropAtAnInterfaceIsNamed) {
  const auto web = server_.listen(tcp(80));
  struct Case {
    Node node;
    std::string family, hook;
  };
  for (const auto& [node, family, hook] :
       {Case{gw_, "netdev", "ingress device eth0"}, Case{gw_, "inet", "ingress device eth0"},
        Case{server_, "netdev", "ingress device eth0"}, Case{gw_, "netdev", "egress device eth1"},
        Case{client_, "netdev", "egress device eth0"}}) {
    load(node, family, hook, "tcp dport 80 drop comment \"no web\"");
    const auto path = asked(tcp(80));
    EXPECT_EQ(path.verdict, Verdict::dropped) << hook << path;
    EXPECT_THAT(path.reason, HasSubstr("dropped at \"" + node.name() + "\": table " + family + " t, chain c, rule 1"));
    EXPECT_THAT(to_string(path.there), EndsWith("c t rule 1 drop"));
    EXPECT_TRUE(path.proven && path.vouched) << path;
    EXPECT_EQ(asked(icmp()).verdict, Verdict::accepted) << hook;
    node.flush_rules();
  }
}

TEST_P(ExplainDevicesTest, WhatAnInterfaceLetsInIsFollowedOn) {
  const auto web = server_.listen(tcp(80));
  load(gw_, "netdev", "ingress device eth0", "tcp dport 80 counter accept; udp dport 9 drop");
  const auto path = asked(tcp(80));
  EXPECT_EQ(path.verdict, Verdict::accepted) << path;
  EXPECT_THAT(to_string(path.there),
              HasSubstr("client eth0 -> gw eth0 -> c t rule 1 accept -> gw eth1 -> server eth0 -> delivered"));
  load(server_, "netdev", "egress device eth0", "tcp sport 80 drop");
  EXPECT_THAT(asked(tcp(80)).reason,
              HasSubstr("on the way back: dropped at \"server\": table netdev t, chain c, rule 1"));
}

TEST_P(ExplainDevicesTest, AMatrixKnowsThemToo) {
  load(gw_, "netdev", "ingress device eth0", "meta l4proto tcp drop");
  const auto seen = reachability({client_, server_}, {tcp(80), udp(9)}, {.family = GetParam(), .patience = 30s});
  EXPECT_EQ(seen.verdicts[0][1][0], Verdict::dropped);
  EXPECT_EQ(seen.verdicts[0][1][1], Verdict::accepted);
}

// The gateway's second interface becomes a port of its bridge, which takes over the addresses.
TEST_P(ExplainDevicesTest, ABridgeOfTheRoutersOwnIsTracedToo) {
  const auto web = server_.listen(tcp(80));
  gw_.add_link({.name = value_or_throw(InterfaceName::parse("br0"))}, netlink::Bridge{});
  const auto done =
      gw_.exec(process::sh("ip link set eth1 master br0 && ip addr flush dev eth1 && ip addr add "
                           "10.0.2.1/24 dev br0 && ip addr add fd00:2::1/64 dev br0 nodad"));
  ASSERT_TRUE(done.success()) << done.err;
  ASSERT_EQ(asked(tcp(80)).verdict, Verdict::accepted);
  const std::string port = "tcp dport 80 drop comment \"no web\"";
  for (const std::string hook : {"output", "postrouting"}) {
    load(gw_, "bridge", hook, port);
    const auto path = asked(tcp(80));
    EXPECT_THAT(path.reason, HasSubstr("dropped at \"gw\": table bridge t, chain c, rule 1")) << path;
    EXPECT_TRUE(path.proven) << path;
    EXPECT_EQ(asked(icmp()).verdict, Verdict::accepted);
  }
  for (const std::string hook : {"prerouting", "input"}) {
    load(gw_, "bridge", hook, "tcp sport 80 drop");
    EXPECT_THAT(asked(tcp(80)).reason,
                HasSubstr("on the way back: dropped at \"gw\": table bridge t, chain c, rule 1"));
  }
  load(gw_, "bridge", "input", "tcp sport 22 drop");
  const auto path = asked(tcp(80));
  EXPECT_EQ(path.verdict, Verdict::accepted) << path;
  EXPECT_THAT(to_string(path.back), EndsWith("client eth0 -> delivered")) << path;
}

}  // namespace at_devices
}  // namespace
}  // namespace netrig
