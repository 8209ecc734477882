#include <netrig/nft/ruleset.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace netrig::nft {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::SizeIs;

Ruleset office() {
  Ruleset ruleset;
  Table& table = ruleset.add(Table{.family = Family::inet, .name = "filter"});
  table.add(Chain::base("forward", ChainType::filter, Hook::forward, priority::kFilter, Policy::drop))
      .add(Rule{}.iif("lan0").accept().comment("inside"))
      .add(Rule{}.jump("guests"));
  table.add(Chain::regular("guests")).add(Rule{}.tcp_dport(80).accept().comment("web"));
  return ruleset;
}

TEST(RulesetTest, PrintsAsNftListsIt) {
  EXPECT_EQ(to_string(office()),
            "table inet filter {\n"
            "\tchain forward {\n"
            "\t\ttype filter hook forward priority filter; policy drop;\n"
            "\t\tiifname \"lan0\" accept comment \"inside\"\n"
            "\t\tjump guests\n"
            "\t}\n"
            "\n"
            "\tchain guests {\n"
            "\t\ttcp dport 80 accept comment \"web\"\n"
            "\t}\n"
            "}\n");
}

TEST(RulesetTest, PrintsToAStreamAndAnEmptyOnePrintsNothing) {
  std::ostringstream out;
  out << Ruleset{} << office().tables.front();
  EXPECT_EQ(out.str(), to_string(office()));
}

TEST(RulesetTest, HandlesAreShownOnlyWhenAsked) {
  Ruleset ruleset = office();
  ruleset.tables.front().handle = 7;
  ruleset.tables.front().chains.front().rules.front().handle = 9;
  EXPECT_EQ(to_string(ruleset), to_string(office()));
  EXPECT_THAT(to_string(ruleset, Handles::show), testing::HasSubstr("table inet filter { # handle 7\n"));
  EXPECT_THAT(to_string(ruleset, Handles::show), testing::HasSubstr("comment \"inside\" # handle 9\n"));
}

TEST(RulesetTest, DevicesAndDormantTablesPrint) {
  Table table{.family = Family::netdev, .name = "n", .dormant = true};
  BaseChain base{.hook = Hook::ingress, .policy = Policy::drop, .devices = {"eth0"}};
  table.add(Chain{.name = "in", .hook = base});
  EXPECT_EQ(to_string(table),
            "table netdev n {\n\tflags dormant\n\n\tchain in {\n"
            "\t\ttype filter hook ingress device \"eth0\" priority filter; policy drop;\n\t}\n}\n");
  base.devices = {"eth0", "eth1"};
  table.chains.front().hook = base;
  EXPECT_THAT(to_string(table), testing::HasSubstr("hook ingress devices = { eth0, eth1 } priority filter;"));
}

TEST(RulesetTest, MergingAppendsRulesToChainsOfTheSameName) {
  Ruleset ruleset = office();
  Ruleset more;
  more.add(Table{.family = Family::inet, .name = "filter"})
      .add(Chain::base("forward", ChainType::filter, Hook::forward, priority::kFilter, Policy::accept))
      .add(Rule{}.counter());
  more.add(Table{.family = Family::ip6, .name = "filter"});
  ruleset.add(more);
  ASSERT_THAT(ruleset.tables, SizeIs(2));
  const Chain* forward = ruleset.find(ChainName{{Family::inet, "filter"}, "forward"});
  EXPECT_THAT(forward->rules, SizeIs(3));
  EXPECT_EQ(forward->hook.value_or(BaseChain{}).policy, Policy::accept);
  EXPECT_THAT(ruleset.tables.front().chains,
              ElementsAre(Field(&Chain::name, "forward"), Field(&Chain::name, "guests")));
}

TEST(RulesetTest, FindsByNameAndByComment) {
  const Ruleset ruleset = office();
  EXPECT_EQ(ruleset.find(TableName{Family::ip, "filter"}), nullptr);
  EXPECT_EQ(ruleset.find(ChainName{{Family::inet, "filter"}, "input"}), nullptr);
  EXPECT_EQ(to_string(*ruleset.find_comment("web")), "tcp dport 80 accept comment \"web\"");
  EXPECT_EQ(ruleset.find_comment("mail"), nullptr);
}

}  // namespace
}  // namespace netrig::nft
