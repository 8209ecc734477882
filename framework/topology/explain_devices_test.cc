// Rules at interfaces (ingress, egress) and at a router's own bridge, which packets meet before and after all others.
// A client, a gateway, a server; both families.
#include <netrig/netlink/batch.h>
#include <netrig/netlink/link_kind.h>
#include <netrig/testing/skip.h>
#include <netrig/topology/explain.h>
#include <netrig/topology/lab.h>
#include <netrig/topology/reachability.h>
#include <netrig/topology/test_topologies.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
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

#define NETRIG_NEEDS_INGRESS()                                 \
  if (const auto why = refused("inet", "ingress device eth0")) \
  NETRIG_SKIP("nft-ingress", "no rules at ingress here: " << *why)
#define NETRIG_NEEDS_EGRESS()                                   \
  if (const auto why = refused("netdev", "egress device eth0")) \
  NETRIG_SKIP("nft-egress", "no rules at egress here: " << *why)

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

  // Whether rules at a hook are, in the kernel's or nft's words.
  [[nodiscard]] std::optional<std::string> refused(const std::string& family, const std::string& hook) const {
    const auto error = test::error_of([&] { load(client_, family, hook, "counter"); });
    if (!error.empty()) return error.substr(0, error.find('\n'));
    client_.flush_rules();
    return std::nullopt;
  }
  // A drop there, and what passes it.
  void expect_named(const Node& node, const std::string& family, const std::string& hook) const {
    load(node, family, hook, "tcp dport 80 drop comment \"no web\"");
    const auto path = asked(tcp(80));
    EXPECT_EQ(path.verdict, Verdict::dropped) << hook << path;
    EXPECT_THAT(path.reason, HasSubstr("dropped at \"" + node.name() + "\": table " + family + " t, chain c, rule 1"));
    EXPECT_THAT(to_string(path.there), EndsWith("c t rule 1 drop"));
    EXPECT_TRUE(path.proven && path.vouched) << path;
    EXPECT_EQ(asked(icmp()).verdict, Verdict::accepted) << hook;
    node.flush_rules();
  }
  // The gateway's interface becomes a port of a bridge of its own, which takes over the addresses.
  void move_to_bridge(const std::string& interface) const {
    const auto port = value_or_throw(InterfaceName::parse(interface)), bridge = InterfaceName{"br0"};
    gw_.add_link({.name = bridge}, netlink::Bridge{});
    gw_.run([&] {
      auto socket = value_or_throw(netlink::Socket::open("gw"));
      const netlink::LinkChange change{.device = {.name = port}, .master = netlink::Device{.name = bridge}};
      value_or_throw(netlink::Batch{socket}.change_link(change).send());
    });
    for (const auto* text : {"10.0.2.1/24", "fd00:2::1/64"}) {
      const auto address = value_or_throw(InterfaceAddress::parse(text));
      gw_.remove_address(interface, address);
      gw_.add_address("br0", address);
    }
  }

  const Lab lab_{test::behind_a_gateway()};
  const Node client_ = lab_["client"], gw_ = lab_["gw"], server_ = lab_["server"];
};

std::string family_name(const ::testing::TestParamInfo<AddressFamily>& family) {
  return family.param == AddressFamily::ipv4 ? "IPv4" : "IPv6";
}
INSTANTIATE_TEST_SUITE_P(Families, ExplainDevicesTest, ::testing::Values(AddressFamily::ipv4, AddressFamily::ipv6),
                         family_name);

TEST_P(ExplainDevicesTest, ADropOfWhatComesInIsNamed) {
  NETRIG_NEEDS_INGRESS();
  const auto web = server_.listen(tcp(80));
  for (const std::string family : {"netdev", "inet"}) expect_named(gw_, family, "ingress device eth0");
  expect_named(server_, "netdev", "ingress device eth0");
}

TEST_P(ExplainDevicesTest, ADropOfWhatLeavesIsNamed) {
  NETRIG_NEEDS_EGRESS();
  const auto web = server_.listen(tcp(80));
  expect_named(gw_, "netdev", "egress device eth1");
  expect_named(client_, "netdev", "egress device eth0");
}

TEST_P(ExplainDevicesTest, WhatAnInterfaceLetsInIsFollowedOn) {
  NETRIG_NEEDS_INGRESS();
  const auto web = server_.listen(tcp(80));
  load(gw_, "netdev", "ingress device eth0", "tcp dport 80 counter accept; udp dport 9 drop");
  const auto path = asked(tcp(80));
  EXPECT_EQ(path.verdict, Verdict::accepted) << path;
  EXPECT_THAT(to_string(path.there),
              HasSubstr("client eth0 -> gw eth0 -> c t rule 1 accept -> gw eth1 -> server eth0 -> delivered"));
}

TEST_P(ExplainDevicesTest, ADropOfAnAnswerThatLeavesIsNamed) {
  NETRIG_NEEDS_EGRESS();
  const auto web = server_.listen(tcp(80));
  load(server_, "netdev", "egress device eth0", "tcp sport 80 drop");
  EXPECT_THAT(asked(tcp(80)).reason,
              HasSubstr("on the way back: dropped at \"server\": table netdev t, chain c, rule 1"));
}

TEST_P(ExplainDevicesTest, AMatrixKnowsThemToo) {
  NETRIG_NEEDS_INGRESS();
  load(gw_, "netdev", "ingress device eth0", "meta l4proto tcp drop");
  const auto seen = reachability({client_, server_}, {tcp(80), udp(9)}, {.family = GetParam(), .patience = 30s});
  EXPECT_EQ(seen.verdicts[0][1][0], Verdict::dropped);
  EXPECT_EQ(seen.verdicts[0][1][1], Verdict::accepted);
}

// The kernel's other round: the packet comes in by the interface, and then by the device on top of it.
TEST_P(ExplainDevicesTest, ADeviceOnTopOfTheInterfaceTakesThePacketOver) {
  NETRIG_NEEDS_INGRESS();
  if (!server_.netlink([](auto& socket) { return value_or_throw(netlink::supports(socket, "macvlan")); }))
    NETRIG_SKIP("link-macvlan", "this kernel makes no macvlan");
  const auto web = server_.listen(tcp(80));
  server_.add_link({.name = value_or_throw(InterfaceName::parse("mv0"))},
                   netlink::Macvlan{.lower = {.name = value_or_throw(InterfaceName::parse("eth0"))}});
  const auto done = server_.exec(
      process::sh("ip addr flush dev eth0 && ip addr add 10.0.2.2/24 dev mv0 && ip addr add fd00:2::2/64 dev mv0 "
                  "nodad && ip route replace default via 10.0.2.1 && ip -6 route replace default via fd00:2::1"));
  ASSERT_TRUE(done.success()) << done.err;
  server_.set_sysctl("net.ipv4.conf.all.arp_ignore", "1");  // else eth0 answers for the address as well
  const auto neighbours = gw_.exec(process::sh("ip neigh flush all"));
  ASSERT_TRUE(neighbours.success()) << neighbours.err;
  load(server_, "netdev", "ingress device eth0", "udp dport 9 drop");
  const auto path = asked(tcp(80));
  EXPECT_EQ(path.verdict, Verdict::accepted) << path;
  EXPECT_THAT(to_string(path.there), EndsWith("server eth0 -> server mv0 -> delivered")) << path;
  load(server_, "inet", "input", "tcp dport 80 drop; }; chain d { type filter hook ingress device eth0 priority 0");
  const auto dropped = asked(tcp(80));
  EXPECT_EQ(dropped.verdict, Verdict::dropped) << dropped;
  EXPECT_EQ(dropped.node, "server");
  load(server_, "netdev", "ingress device mv0", "tcp dport 80 drop");
  EXPECT_THAT(asked(tcp(80)).reason, HasSubstr("dropped at \"server\": table netdev t, chain c, rule 1"));
}

TEST_P(ExplainDevicesTest, ABridgeOfTheRoutersOwnIsTracedToo) {
  if (const auto why = refused("bridge", "output")) NETRIG_SKIP("nft-bridge", "no rules at a bridge here: " << *why);
  const auto web = server_.listen(tcp(80));
  move_to_bridge("eth1");
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
