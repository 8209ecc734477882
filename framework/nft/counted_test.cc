#include <netrig/nft/counted.h>
#include <netrig/nft/fresh_network.h>

#include <gmock/gmock.h>

#include <cerrno>

namespace netrig::nft {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Chain hooked(std::string name, Hook hook, int priority, Policy policy = Policy::accept) {
  return Chain::base(std::move(name), ChainType::filter, hook, priority, policy);
}

std::vector<std::string> names(const std::vector<HookedChain>& chains) {
  std::vector<std::string> all;
  all.reserve(chains.size());
  for (const HookedChain& chain : chains) all.push_back(to_string(chain.name));
  return all;
}

std::vector<std::string> lines(const std::vector<Counted>& all) {
  std::vector<std::string> texts;
  texts.reserve(all.size());
  for (const Counted& counted : all) texts.push_back(to_string(counted));
  return texts;
}

Ruleset several() {
  Ruleset ruleset;
  Table& inet = ruleset.add(Table{.family = Family::inet, .name = "filter"});
  inet.add(hooked("late", Hook::forward, 10, Policy::drop));
  inet.add(hooked("input", Hook::input, 0, Policy::drop));
  ruleset.add(Table{.family = Family::ip, .name = "raw"}).add(hooked("early", Hook::forward, -300));
  ruleset.add(Table{.family = Family::ip6, .name = "six"}).add(hooked("middle", Hook::forward, 0, Policy::drop));
  ruleset.add(Table{.family = Family::ip, .name = "off", .dormant = true}).add(hooked("never", Hook::forward, 0));
  return ruleset;
}

TEST(ChainsAtTest, GivesThemInTheOrderInWhichPacketsMeetThem) {
  EXPECT_THAT(names(chains_at(several(), Hook::forward, Family::ip)), ElementsAre("ip raw early", "inet filter late"));
  EXPECT_THAT(names(chains_at(several(), Hook::forward, Family::ip6)),
              ElementsAre("ip6 six middle", "inet filter late"));
  EXPECT_THAT(names(chains_at(several(), Hook::output, Family::ip)), IsEmpty());
}

TEST(ChainsAtTest, TellsWhichPoliciesDrop) {
  EXPECT_THAT(names(dropping_policies(several(), Hook::forward, Family::ip)), ElementsAre("inet filter late"));
  EXPECT_THAT(names(dropping_policies(several(), Hook::forward, Family::bridge)), IsEmpty());
}

Rule numbered(Rule rule, std::uint64_t handle) {
  rule.handle = handle;
  return rule;
}

Ruleset counting(std::uint64_t accepted, std::uint64_t dropped, std::uint64_t policy) {
  Ruleset ruleset;
  Chain& chain = ruleset.add(Table{.family = Family::inet, .name = "filter"}).add(Chain::regular("forward"));
  chain.hook = BaseChain{.hook = Hook::forward, .policy = Policy::drop, .policy_count = Counter{policy, policy * 10}};
  chain.add(numbered(Rule{}.tcp_dport(80).add(Counter{accepted, accepted * 10}).accept(), 8));
  chain.add(numbered(Rule{}.saddr("10.0.0.1").add(Counter{dropped, dropped * 10}).drop().comment("no guests"), 9));
  return ruleset;
}

TEST(CountedBetweenTest, NamesTheRulesWhoseCountersRose) {
  const auto counted = counted_between(counting(1, 1, 1), counting(3, 1, 2));
  EXPECT_THAT(
      lines(counted),
      ElementsAre("table inet filter, chain forward, rule 1 (handle 8): tcp dport 80 counter packets 3 bytes 30 accept",
                  "table inet filter, chain forward: policy drop"));
  EXPECT_EQ(counted[0].packets, 2U);
  EXPECT_EQ(counted[0].bytes, 20U);
  EXPECT_FALSE(counted[0].blocks);
  EXPECT_TRUE(counted[1].blocks);
}

TEST(CountedBetweenTest, BlockedIsWhatDroppedOrRejected) {
  EXPECT_THAT(lines(blocked_between(counting(1, 1, 1), counting(3, 4, 1))),
              ElementsAre("table inet filter, chain forward, rule 2 (handle 9) \"no guests\": ip saddr 10.0.0.1 "
                          "counter packets 4 bytes 40 drop comment \"no guests\""));
}

TEST(CountedBetweenTest, NothingRoseBetweenEqualListings) {
  EXPECT_THAT(counted_between(counting(1, 1, 1), counting(1, 1, 1)), IsEmpty());
}

TEST(CountedBetweenTest, ACounterThatWasResetCountsFromZero) {
  const auto counted = counted_between(counting(9, 0, 0), counting(2, 0, 0));
  ASSERT_EQ(counted.size(), 1U);
  EXPECT_EQ(counted[0].packets, 2U);
}

TEST(CountedBetweenTest, ANewRuleCountsFromZero) {
  EXPECT_EQ(counted_between(Ruleset{}, counting(1, 2, 3)).size(), 3U);
}

TEST(BlockersTest, AreFoundInTheChainsThatAreJumpedTo) {
  Ruleset ruleset = counting(0, 0, 0);
  Table& table = ruleset.tables.front();
  table.chains.front().add(Rule{}.jump("guests")).add(Rule{}.jump("guests"));
  table.add(Chain::regular("guests")).add(Rule{}.jump("guests")).add(Rule{}.reject());
  EXPECT_THAT(lines(blockers_at(ruleset, Hook::forward, Family::ip)),
              ElementsAre(testing::HasSubstr("no guests"), "table inet filter, chain guests, rule 2 (handle 0): reject",
                          "table inet filter, chain forward: policy drop"));
  EXPECT_THAT(blockers_at(ruleset, Hook::input, Family::ip), IsEmpty());
}

class CountedInTheKernelTest : public FreshNetworkTest {};

TEST_F(CountedInTheKernelTest, TwoListingsTellWhatBlocked) {
  Table table{.family = Family::inet, .name = "filter"};
  table.add(hooked("output", Hook::output, 0, Policy::drop))
      .add(Rule{}.udp_dport(1).counter().drop().comment("port one"));
  ASSERT_TRUE(apply(socket(), Transaction{}.add(table)));
  const Ruleset before = listing();
  EXPECT_EQ(send_udp("127.0.0.1", 1), EPERM);
  const Ruleset by_rule = listing();
  EXPECT_THAT(lines(blocked_between(before, by_rule)), ElementsAre(testing::HasSubstr("\"port one\"")));
  EXPECT_EQ(send_udp("::1", 2), EPERM);
  EXPECT_THAT(lines(blocked_between(by_rule, listing())), ElementsAre("table inet filter, chain output: policy drop"));
}

}  // namespace
}  // namespace netrig::nft
