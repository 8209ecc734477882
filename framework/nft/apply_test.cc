// Transactions against the kernel, with nft as the witness.
#include <netrig/nft/fresh_network.h>
#include <netrig/nft/rule_cases.h>
#include <netrig/testing/skip.h>

#include <gmock/gmock.h>

#include <cerrno>
#include <thread>

namespace netrig::nft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const TableName kTable{Family::inet, "filter"};
const ChainName kChain{kTable, "forward"};

Table filter_table(std::vector<Rule> rules = {}) {
  Table table{.family = Family::inet, .name = "filter"};
  Chain chain = Chain::base("forward", ChainType::filter, Hook::forward, priority::kFilter, Policy::drop);
  chain.rules = std::move(rules);
  table.add(std::move(chain));
  return table;
}

std::vector<std::string> texts(const Chain& chain) {
  std::vector<std::string> all;
  all.reserve(chain.rules.size());
  for (const Rule& rule : chain.rules) all.push_back(to_string(rule));
  return all;
}

class EveryRuleInTheKernelTest : public FreshNetworkTest, public testing::WithParamInterface<RuleCase> {
 protected:
  static Table table() {
    const RuleCase& wanted = GetParam();
    const bool nat = wanted.hook == Hook::prerouting || wanted.hook == Hook::postrouting;
    Table table{.family = wanted.family, .name = "t", .sets = wanted.sets};
    table.add(Chain::regular("elsewhere"));
    table.add(Chain::base("c", nat ? ChainType::nat : ChainType::filter, wanted.hook, nat ? 100 : 0)).add(wanted.rule);
    return table;
  }
};

TEST_P(EveryRuleInTheKernelTest, IsListedAsItWasApplied) {
  const auto applied = apply(socket(), Transaction{}.add(table()));
  if (!applied && GetParam().needs == "nf_conntrack_bridge")
    NETRIG_SKIP("nft-bridge-conntrack", "needs " << GetParam().needs << ": " << applied.error());
  if (!applied && GetParam().needs == "nft_reject_bridge")
    NETRIG_SKIP("nft-bridge-reject", "needs " << GetParam().needs << ": " << applied.error());
  ASSERT_TRUE(applied) << applied.error();
  const auto listed = list(socket(), {GetParam().family, "t"});
  ASSERT_TRUE(listed) << listed.error();
  ASSERT_THAT(listed->find("c")->rules, SizeIs(1));
  const Rule& rule = listed->find("c")->rules.front();
  EXPECT_EQ(to_string(rule, GetParam().family), GetParam().text);
  EXPECT_TRUE(same_rule(rule, GetParam().rule, GetParam().family));
  EXPECT_NE(rule.handle, 0U);
  const std::string witness = NETRIG_OUTPUT_OR_SKIP("nft -a list ruleset");
  EXPECT_EQ(to_string(*listed, Handles::show), witness);
}

INSTANTIATE_TEST_SUITE_P(Cases, EveryRuleInTheKernelTest, testing::ValuesIn(rule_cases()));

class ApplyTest : public FreshNetworkTest {};

TEST_F(ApplyTest, ATransactionWithoutCommandsDoesNothing) { EXPECT_TRUE(apply(socket(), Transaction{})); }

TEST_F(ApplyTest, OneRefusedRuleLeavesEverythingAsItWas) {
  ASSERT_TRUE(apply(socket(), Transaction{}.add(filter_table({Rule{}.saddr("10.0.0.1").drop()}))));
  const Ruleset before = listing();
  const auto applied = apply(socket(), Transaction{}
                                           .flush(kTable)
                                           .add(filter_table({Rule{}.accept(), Rule{}.jump("nowhere"), Rule{}.drop()}))
                                           .add(Table{.family = Family::ip, .name = "other"}));
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().code, ENOENT);
  EXPECT_EQ(applied.error().message(),
            "add rule inet filter forward jump nowhere in \"node\": ENOENT (No such file or directory)");
  EXPECT_EQ(listing(), before);
}

TEST_F(ApplyTest, ARuleThatItsTableCannotHoldIsNotSent) {
  const auto applied = apply(socket(), Transaction{}.add(filter_table({Rule{}.tcp_dport({90, 80}).drop()})));
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().message(),
            "add rule inet filter forward tcp dport 90-80 drop in \"node\": port range 90-80 is upside down");
  EXPECT_THAT(listing().tables, IsEmpty());
}

TEST_F(ApplyTest, AMalformedAddressIsNamedWithItsRule) {
  const auto applied = apply(socket(), Transaction{}.add(filter_table({Rule{}.saddr("10.0.0.300").drop()})));
  ASSERT_FALSE(applied);
  EXPECT_THAT(applied.error().message(), HasSubstr("add rule inet filter forward"));
  EXPECT_THAT(applied.error().message(), HasSubstr("10.0.0.300"));
}

TEST_F(ApplyTest, NamesMustFit) {
  for (const std::string& name : {std::string{}, std::string(256, 'x')}) {
    EXPECT_THAT(apply(socket(), Transaction{}.add(Table{.family = Family::ip, .name = name})).error().message(),
                HasSubstr("must have 1 to 255 bytes"));
    EXPECT_FALSE(apply(socket(), Transaction{}.add(filter_table({Rule{}.jump(name)}))));
  }
}

TEST_F(ApplyTest, WhatDoesNotExistIsNamed) {
  EXPECT_EQ(apply(socket(), Transaction{}.remove(kTable)).error().message(),
            "delete table inet filter in \"node\": ENOENT (No such file or directory)");
  EXPECT_EQ(apply(socket(), Transaction{}.add(filter_table()).remove(kChain, 77)).error().message(),
            "delete rule inet filter forward handle 77 in \"node\": ENOENT (No such file or directory)");
  EXPECT_EQ(list(socket(), kTable).error().message(),
            "list table inet filter in \"node\": ENOENT (No such file or directory)");
}

TEST_F(ApplyTest, RulesGoWhereTheyAreSaidToGo) {
  ASSERT_TRUE(apply(socket(), Transaction{}.add(filter_table({Rule{}.mark(1), Rule{}.mark(4)}))));
  const std::uint64_t first = listing().find(kChain)->rules.front().handle;
  const std::uint64_t last = listing().find(kChain)->rules.back().handle;
  ASSERT_TRUE(apply(socket(), Transaction{}
                                  .insert(kChain, Rule{}.mark(0))
                                  .add_after(kChain, first, Rule{}.mark(2))
                                  .insert_before(kChain, last, Rule{}.mark(3))
                                  .add(kChain, Rule{}.mark(5))));
  EXPECT_THAT(texts(*listing().find(kChain)),
              ElementsAre("meta mark 0x00000000", "meta mark 0x00000001", "meta mark 0x00000002",
                          "meta mark 0x00000003", "meta mark 0x00000004", "meta mark 0x00000005"));
}

TEST_F(ApplyTest, AddingARuleTellsItsHandleByWhichItIsRemoved) {
  ASSERT_TRUE(apply(socket(), Transaction{}.add(filter_table({Rule{}.mark(1)}))));
  const auto handle = add_rule(socket(), kChain, Rule{}.mark(2).comment("second"));
  ASSERT_TRUE(handle) << handle.error();
  EXPECT_EQ(listing().find_comment("second")->handle, *handle);
  ASSERT_TRUE(apply(socket(), Transaction{}.remove(kChain, *handle)));
  EXPECT_THAT(texts(*listing().find(kChain)), ElementsAre("meta mark 0x00000001"));
}

TEST_F(ApplyTest, ARuleIsReplacedInPlace) {
  ASSERT_TRUE(apply(socket(), Transaction{}.add(filter_table({Rule{}.mark(1), Rule{}.mark(2)}))));
  const std::uint64_t first = listing().find(kChain)->rules.front().handle;
  ASSERT_TRUE(apply(socket(), Transaction{}.replace(kChain, first, Rule{}.mark(9))));
  EXPECT_THAT(texts(*listing().find(kChain)), ElementsAre("meta mark 0x00000009", "meta mark 0x00000002"));
}

TEST_F(ApplyTest, FlushingRemovesRulesOrTables) {
  ASSERT_TRUE(apply(socket(), Transaction{}.add(filter_table({Rule{}.drop()}))));
  ASSERT_TRUE(apply(socket(), Transaction{}.flush(kChain)));
  EXPECT_THAT(listing().find(kChain)->rules, IsEmpty());
  ASSERT_TRUE(apply(socket(), Transaction{}.remove(kChain)));
  EXPECT_EQ(listing().find(kChain), nullptr);
  ASSERT_TRUE(apply(socket(), Transaction{}.add(Table{.family = Family::ip6, .name = "six"}).flush_ruleset()));
  EXPECT_THAT(listing().tables, IsEmpty());
}

TEST_F(ApplyTest, AnExistingChainGetsTheNewPolicy) {
  ASSERT_TRUE(apply(socket(), Transaction{}.add(filter_table())));
  const Chain chain = Chain::base("forward", ChainType::filter, Hook::forward, priority::kFilter, Policy::accept);
  ASSERT_TRUE(apply(socket(), Transaction{}.add(kTable, chain)));
  EXPECT_EQ(listing().find(kChain)->hook.value_or(BaseChain{}).policy, Policy::accept);
}

TEST_F(ApplyTest, AWholeRulesetIsListedAsNftListsIt) {
  Ruleset ruleset;
  Table& filter = ruleset.add(filter_table({Rule{}.iif("lan0").counter().jump("lan"), Rule{}.counter().reject()}));
  filter.comment = "office";
  filter.add(Chain::regular("lan")).add(Rule{}.tcp_dport(80).accept().comment("web"));
  filter.chains.back().comment = "from the inside";
  Table& nat = ruleset.add(Table{.family = Family::ip6, .name = "nat"});
  nat.add(Chain::base("out", ChainType::nat, Hook::postrouting, priority::kSrcnat + 5)).add(Rule{}.masquerade());
  ruleset.add(Table{.family = Family::bridge, .name = "asleep", .dormant = true});
  ASSERT_TRUE(apply(socket(), ruleset));
  const std::string witness = NETRIG_OUTPUT_OR_SKIP("nft list ruleset");
  EXPECT_EQ(to_string(listing()), witness);
  const std::string with_handles = NETRIG_OUTPUT_OR_SKIP("nft -a list ruleset");
  EXPECT_EQ(to_string(listing(), Handles::show), with_handles);
}

TEST_F(ApplyTest, AThousandRulesAreOneTransaction) {
  std::vector<Rule> rules;
  rules.reserve(1000);
  for (std::uint32_t i = 0; i < 1000; ++i) rules.push_back(Rule{}.mark(i).drop());
  const auto applied = apply(socket(), Transaction{}.add(filter_table(rules)));
  ASSERT_TRUE(applied) << applied.error();
  EXPECT_THAT(listing().find(kChain)->rules, SizeIs(1000));
}

TEST_F(ApplyTest, ATransactionThatCannotBeSentAtOnceSaysSo) {
  Transaction huge;
  const ChainName somewhere{{Family::inet, std::string(255, 't')}, std::string(255, 'c')};
  for (int i = 0; i < 60'000; ++i) huge.flush(somewhere);
  const auto applied = apply(socket(), huge);
  ASSERT_FALSE(applied);
  if (applied.error().code == ENOENT) NETRIG_SKIP("socket-buffer", "this host lets a socket send 30 MB at once");
  EXPECT_EQ(applied.error().code, EMSGSIZE);
  EXPECT_THAT(applied.error().message(), HasSubstr("net.core.wmem_max"));
  EXPECT_THAT(listing().tables, IsEmpty());
}

TEST_F(ApplyTest, ManyRefusedRulesAreStillOneClearError) {
  const Transaction bad = Transaction{}.add(filter_table(std::vector<Rule>(1500, Rule{}.jump("nowhere"))));
  const auto applied = apply(socket(), bad);
  ASSERT_FALSE(applied);
  EXPECT_THAT(applied.error().message(), HasSubstr("add rule inet filter forward jump nowhere in \"node\": ENOENT"));
  EXPECT_TRUE(apply(socket(), Transaction{}.add(filter_table({Rule{}.drop()}))));
}

TEST_F(ApplyTest, TheSocketMayBeUsedFromSeveralThreadsAtOnce) {
  ASSERT_TRUE(apply(socket(), Transaction{}.add(filter_table())));
  const auto work = [&] {
    for (int i = 0; i < 50; ++i) {
      const auto handle = add_rule(socket(), kChain, Rule{}.drop());
      ASSERT_TRUE(handle) << handle.error();
      const auto listed = list(socket());
      ASSERT_TRUE(listed) << listed.error();
      ASSERT_TRUE(apply(socket(), Transaction{}.remove(kChain, *handle)));
    }
  };
  std::thread other{work};
  work();
  other.join();
  EXPECT_THAT(listing().find(kChain)->rules, IsEmpty());
}

}  // namespace
}  // namespace netrig::nft
