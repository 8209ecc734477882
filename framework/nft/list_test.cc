// What is read from the kernel that this module did not write: iptables' rules, sets, other extensions. And counters.
#include <netrig/nft/fresh_network.h>
#include <netrig/testing/skip.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cerrno>

namespace netrig::nft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const TableName kFilter{Family::inet, "filter"};
const ChainName kOutput{kFilter, "output"};

class ListTest : public FreshNetworkTest {
 protected:
  std::vector<std::string> rules(const ChainName& chain) {
    const Ruleset ruleset = listing();
    std::vector<std::string> all;
    if (const Chain* found = ruleset.find(chain)) {
      for (const Rule& rule : found->rules) all.push_back(to_string(rule, chain.table.family));
    }
    return all;
  }
};

TEST_F(ListTest, AFreshNamespaceHasNoTables) { EXPECT_THAT(listing().tables, IsEmpty()); }

TEST_F(ListTest, TheGuidesIptablesRulesAreReadable) {
  const std::string done = NETRIG_OUTPUT_OR_SKIP(
      "iptables-nft -t nat -A POSTROUTING -s 10.2.0.0/24 -o eth0 -j MASQUERADE && "
      "iptables-nft -P FORWARD DROP && iptables-nft -A FORWARD -i br0 -o eth0 -j ACCEPT && "
      "iptables-nft -A FORWARD -i eth+ -p tcp -d 10.2.0.2 --dport 80 "
      "-m state --state NEW,ESTABLISHED,RELATED -j ACCEPT && "
      "iptables-nft -A FORWARD -m comment --comment 'no guests' -j REJECT");
  EXPECT_EQ(done, "");
  EXPECT_THAT(rules({{Family::ip, "nat"}, "POSTROUTING"}),
              ElementsAre(AllOf(HasSubstr("oifname \"eth0\""), HasSubstr("ip saddr 10.2.0.0/24"),
                                HasSubstr("counter packets 0 bytes 0"), HasSubstr("xt target \"MASQUERADE\""))));
  const auto forward = rules({{Family::ip, "filter"}, "FORWARD"});
  EXPECT_THAT(forward, ElementsAre("iifname \"br0\" oifname \"eth0\" counter packets 0 bytes 0 accept",
                                   "iifname \"eth*\" ip daddr 10.2.0.2 tcp dport 80 xt match \"conntrack\" "
                                   "counter packets 0 bytes 0 accept",
                                   "counter packets 0 bytes 0 xt target \"REJECT\" comment \"no guests\""));
  const Ruleset ruleset = listing();
  const Chain* chain = ruleset.find(ChainName{{Family::ip, "filter"}, "FORWARD"});
  EXPECT_EQ(chain->hook.value_or(BaseChain{}).policy, Policy::drop);
  EXPECT_TRUE(chain->rules.back().blocks());
}

TEST_F(ListTest, WhatHasNoValueHereStaysVisible) {
  std::string commands = "nft add table inet filter && nft add chain inet filter output";
  for (const char* rule : {"ct mark { 1, 2 } accept", "meta length 100 drop", "ct state != established drop",
                           "fib daddr type local accept", "ip protocol icmp accept", "meta cpu 0 drop"}) {
    commands += fmt::format(" && nft add rule inet filter output '{}'", rule);
  }
  const std::string done = NETRIG_OUTPUT_OR_SKIP(commands);
  EXPECT_EQ(done, "");
  const auto all = rules(kOutput);
  ASSERT_EQ(all.size(), 6U);
  EXPECT_THAT(all[0], HasSubstr("unknown expression [ lookup reg 1 set __set0"));
  EXPECT_THAT(all[1], AllOf(HasSubstr("unknown expression [ meta load len => reg 1 ]"), HasSubstr("] drop")));
  EXPECT_THAT(all[2], HasSubstr("unknown expression [ ct load state => reg 1 ]"));
  EXPECT_THAT(all[3], HasSubstr("unknown expression [ fib daddr type => reg 1 ]"));
  EXPECT_THAT(all[4], HasSubstr("unknown expression [ payload load 1b @ network header + 9 => reg 1 ]"));
  EXPECT_THAT(all[5], HasSubstr("unknown expression [ meta load cpu => reg 1 ]"));
}

TEST_F(ListTest, ARuleReadByHalfIsNotWrittenBack) {
  const std::string done = NETRIG_OUTPUT_OR_SKIP(
      "nft add table inet filter && nft add chain inet filter output && "
      "nft add rule inet filter output meta length 100 accept");
  EXPECT_EQ(done, "");
  const Rule rule = listing().find(kOutput)->rules.front();
  const auto applied = apply(socket(), Transaction{}.add(kOutput, rule));
  ASSERT_FALSE(applied);
  EXPECT_THAT(applied.error().message(), HasSubstr("cannot be written back"));
}

class CountersTest : public ListTest {
 protected:
  // Counts what goes to UDP port 5000; everything else meets the policy.
  void count_output() {
    Table table{.family = Family::inet, .name = "filter"};
    table.add(Chain::base("output", ChainType::filter, Hook::output, priority::kFilter, Policy::accept))
        .add(Rule{}.udp_dport(5000).counter().drop().comment("counted"));
    ASSERT_TRUE(apply(socket(), Transaction{}.add(table)));
  }
  Counter counted() { return listing().find_comment("counted")->count().value_or(Counter{}); }
  Counter policy() {
    return listing().find(kOutput)->hook.value_or(BaseChain{}).policy_count.value_or(Counter{99, 99});
  }
};

TEST_F(CountersTest, PacketsAndBytesOfBothFamiliesAreCounted) {
  count_output();
  EXPECT_EQ(counted(), (Counter{0, 0}));
  EXPECT_EQ(send_udp("127.0.0.1", 5000, 10), EPERM);
  EXPECT_EQ(counted(), (Counter{1, 20 + 8 + 10}));
  EXPECT_EQ(send_udp("::1", 5000, 10), EPERM);
  EXPECT_EQ(counted(), (Counter{2, 38 + 40 + 8 + 10}));
}

TEST_F(CountersTest, ThePolicyCountsWhatNoRuleDecided) {
  count_output();
  const Counter before = policy();
  EXPECT_EQ(send_udp("127.0.0.1", 6000, 10), 0);
  EXPECT_GE(policy().packets, before.packets + 1);
  EXPECT_EQ(counted(), (Counter{0, 0}));
}

TEST_F(CountersTest, ResettingSetsThemToZero) {
  count_output();
  EXPECT_EQ(send_udp("127.0.0.1", 5000), EPERM);
  ASSERT_EQ(counted().packets, 1U);
  const auto reset = reset_counters(socket(), kFilter);
  if (!reset && reset.error().code == EINVAL) NETRIG_SKIP("nft-reset", reset.error());
  ASSERT_TRUE(reset) << reset.error();
  EXPECT_EQ(counted(), (Counter{0, 0}));
  EXPECT_EQ(policy().packets, 0U);
}

TEST_F(CountersTest, ResettingLeavesOtherTablesAlone) {
  count_output();
  EXPECT_EQ(send_udp("127.0.0.1", 5000), EPERM);
  ASSERT_TRUE(apply(socket(), Transaction{}.add(Table{.family = Family::ip, .name = "other"})));
  const auto reset = reset_counters(socket(), {Family::ip, "other"});
  if (!reset && reset.error().code == EINVAL) NETRIG_SKIP("nft-reset", reset.error());
  ASSERT_TRUE(reset) << reset.error();
  EXPECT_EQ(counted().packets, 1U);
  EXPECT_EQ(reset_counters(socket(), {Family::ip, "none"}).error().code, ENOENT);
}

}  // namespace
}  // namespace netrig::nft
