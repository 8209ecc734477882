#include <netrig/net/literals.h>
#include <netrig/netlink/batch.h>
#include <netrig/netlink/rule.h>
#include <netrig/netlink/test_namespace.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>

namespace netrig::netlink {
namespace {

class PolicyRuleTest : public testing::Test {
 protected:
  Socket& socket() { return here_.socket(); }
  void add(const Rule& rule) {
    Batch batch{socket()};
    TestNamespace::send(batch.add(rule));
  }
  Rule with_priority(AddressFamily family, std::uint32_t priority) {
    const auto rules = dump_rules(socket(), family).value();
    const auto found = std::ranges::find(rules, std::optional{priority}, &Rule::priority);
    return found == rules.end() ? Rule{} : *found;
  }

  TestNamespace here_;
};

TEST_F(PolicyRuleTest, KeepsWhatItMatches) {
  for (const AddressFamily family : kAddressFamilies) {
    const bool is_v4 = family == AddressFamily::ipv4;
    const Rule wanted{.family = family,
                      .priority = 100,
                      .invert = true,
                      .from = is_v4 ? "10.1.0.0/24"_net : "fd01::/64"_net,
                      .to = is_v4 ? "10.2.0.7/32"_net : "fd02::7/128"_net,
                      .incoming = "eth0"_interface,
                      .outgoing = "eth1"_interface,
                      .mark = 5,
                      .mark_mask = 0xff,
                      .ip_protocol = 6,
                      .source_ports = PortRange{1000, 2000},
                      .destination_ports = PortRange{80, 80},
                      .table = 70000,
                      .suppress_prefix_length = 0,
                      .protocol = RouteProtocol::static_};
    add(wanted);
    EXPECT_EQ(with_priority(family, 100), wanted);
  }
}

TEST_F(PolicyRuleTest, IsRemovedByWhatItSays) {
  const Rule rule{.priority = 100, .from = "10.1.0.0/24"_net, .table = 7};
  Batch batch{socket()};
  TestNamespace::send(batch.add(rule));
  EXPECT_EQ(batch.add(rule).send().error().code, EEXIST);
  TestNamespace::send(batch.remove(rule));
  const auto gone = batch.remove(rule).send();
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().message(),
            "delete rule from 10.1.0.0/24 lookup 7 priority 100 in \"test\": ENOENT (No such file or directory)");
}

TEST_F(PolicyRuleTest, FreshNamespaceHasTheKernelsRules) {
  const auto rules = dump_rules(socket(), AddressFamily::ipv4).value();
  ASSERT_EQ(rules.size(), 3U);
  EXPECT_EQ(rules[0].to_string(), "0:\tfrom all lookup local");
  EXPECT_EQ(rules[2].table, kDefaultTable);
}

TEST_F(PolicyRuleTest, AreListedAsIpListsThem) {
  NETRIG_NEEDS_TOOL("ip");
  add({.priority = 100, .from = "10.0.0.0/8"_net, .incoming = "lo"_interface, .table = 7});
  add({.priority = 101,
       .invert = true,
       .mark = 5,
       .mark_mask = 0xff,
       .ip_protocol = 6,
       .destination_ports = PortRange{80, 90},
       .action = RuleAction::blackhole});
  add({.priority = 102, .to = "10.0.0.1/32"_net, .tos = 0x10, .action = RuleAction::goto_, .goto_priority = 32766});
  add({.priority = 103, .mark = 9, .source_ports = PortRange{5, 5}, .action = RuleAction::prohibit});
  add({.priority = 104, .table = 1000, .suppress_prefix_length = 0});
  add({.family = AddressFamily::ipv6,
       .priority = 105,
       .to = "fd00::/8"_net,
       .ip_protocol = 17,
       .action = RuleAction::unreachable,
       .protocol = RouteProtocol::static_});
  std::string text4, text6;
  for (const Rule& rule : value_or_throw(dump_rules(socket(), AddressFamily::ipv4))) text4 += rule.to_string() + "\n";
  for (const Rule& rule : value_or_throw(dump_rules(socket(), AddressFamily::ipv6))) text6 += rule.to_string() + "\n";
  EXPECT_EQ(text4, here_.tool("ip rule | sed 's/ \\[detached\\]//'"));
  EXPECT_EQ(text6, here_.tool("ip -6 rule"));
}

}  // namespace
}  // namespace netrig::netlink
