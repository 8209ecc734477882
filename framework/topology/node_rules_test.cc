// Rulesets of nodes, as files and text; the nft and iptables programs are the witnesses.
#include <netrig/testing/skip.h>
#include <netrig/topology/lab.h>
#include <netrig/topology/test_topologies.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>
#include <unistd.h>

namespace netrig {
namespace {

using test::error_of;
using test::pair;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kRules = R"(table inet filter {
	chain input {
		type filter hook input priority filter; policy drop;
		iifname "lo" accept
		iifname "eth0" tcp dport 22 counter packets 3 bytes 180 accept comment "ssh"
	}
}
)";

class NodeRules : public ::testing::Test {
 protected:
  void TearDown() override {
    std::error_code ignored;
    for (const auto& file : files_) std::filesystem::remove(file, ignored);
  }
  std::filesystem::path file(const std::string& text) {
    auto pattern = (std::filesystem::temp_directory_path() / "netrig-rules-XXXXXX").string();
    ::close(::mkstemp(pattern.data()));
    std::ofstream{pattern} << text;
    files_.emplace_back(pattern);
    return pattern;
  }

  const Lab lab_{pair()};
  const Node left_ = lab_["left"], right_ = lab_["right"];

 private:
  std::vector<std::filesystem::path> files_;
};

TEST_F(NodeRules, AFileIsLoadedAsItIs) {
  left_.load_ruleset(file(kRules));
  EXPECT_EQ(left_.ruleset_text(), kRules);
  EXPECT_EQ(right_.ruleset_text(), "");
  const auto witness = left_.exec({"nft", "-a", "list", "ruleset"});
  EXPECT_EQ(left_.ruleset_text(nft::Handles::show), witness.out);
}

TEST_F(NodeRules, ARuleIsFoundByCommentAndHandle) {
  left_.load_ruleset_text(kRules);
  const auto rules = left_.ruleset();
  const auto* ssh = rules.find_comment("ssh");
  ASSERT_NE(ssh, nullptr);
  EXPECT_EQ(ssh->position, 2U);
  EXPECT_EQ(rules.find(ssh->chain.table, ssh->handle), ssh);
  EXPECT_EQ(left_.rules().find_comment("ssh")->handle, ssh->handle);
}

TEST_F(NodeRules, ASavedRulesetReplacesWhateverIsThere) {
  left_.load_ruleset_text(kRules);
  const auto saved = file("");
  left_.save_ruleset(saved);
  left_.load_ruleset_text("table ip other { chain c { }; }; add rule inet filter input drop");
  ASSERT_THAT(nft::differences(nft::Listing::parse(kRules), left_.ruleset()),
              ElementsAre("table inet filter, chain input: added rule 3: drop", "added table ip other",
                          "added table ip other, chain c"));
  left_.load_ruleset(saved);
  EXPECT_EQ(left_.ruleset_text(), kRules);
}

TEST_F(NodeRules, ElementsComeToASetOfALivingNodeAndLeaveIt) {
  const nft::SetName guests{{nft::Family::inet, "filter"}, "guests"};
  nft::Ruleset rules;
  auto& table = rules.add(nft::Table{nft::Family::inet, "filter"});
  table.add(nft::Set::ranges("guests", nft::KeyType::ipv4_addr).add("10.9.0.0/24"));
  table.add(nft::Chain::regular("c")).add(nft::Rule{}.in(nft::Field::ip_saddr, "guests").drop());
  left_.add_rules(rules);
  left_.add_elements(guests, {"10.8.0.7", "10.7.0.0/16"});
  left_.remove_elements(guests, {"10.9.0.0/24"});
  EXPECT_EQ(left_.rules().find_set(guests)->elements, (std::vector<nft::SetElement>{"10.7.0.0/16", "10.8.0.7"}));
  EXPECT_EQ(nft::to_string(left_.rules()), left_.ruleset_text());
  const auto before = left_.ruleset_text(nft::Handles::show);
  EXPECT_EQ(error_of([&] { left_.add_elements(guests, {"10.1.0.1", "fd00::1"}); }),
            "create element inet filter guests { fd00::1 } in \"left\": element fd00::1 is no ipv4_addr");
  EXPECT_THAT(error_of([&] { left_.add_elements(guests, {"10.1.0.1", "10.7.1.0/24"}); }),
              HasSubstr("create element inet filter guests { 10.7.1.0/24 } in \"left\": EEXIST"));
  EXPECT_EQ(left_.ruleset_text(nft::Handles::show), before);
}

TEST_F(NodeRules, CountersAreResetAndTablesRemoved) {
  left_.load_ruleset_text(std::string{kRules} + "table ip t { counter c { packets 5 bytes 5; }; }");
  try {
    left_.reset_counters();
  } catch (const SetupError& error) {
    if (error.error().code == EINVAL) NETRIG_SKIP("nft-reset", error.what());  // before Linux 6.2
    throw;
  }
  EXPECT_THAT(left_.ruleset_text(),
              AllOf(HasSubstr("counter packets 0 bytes 0 accept"), HasSubstr("\t\tpackets 0 bytes 0\n")));
  left_.flush_rules();
  EXPECT_EQ(left_.ruleset_text(), "");
}

TEST_F(NodeRules, AMisspeltInterfaceIsNamedAndNothingIsLoaded) {
  const std::string typo = R"(table ip t { chain c { iifname "eth0" accept; oifname { "lo", "ehr0" } accept; }; })";
  const auto said = error_of([&] { left_.load_ruleset_text(typo); });
  EXPECT_THAT(said,
              AllOf(HasSubstr("load ruleset in \"left\": table ip t, a set in a rule names the interface \"ehr0\""),
                    HasSubstr("it has eth0, lo")));
  EXPECT_EQ(left_.ruleset_text(), "");
  left_.load_ruleset_text(typo, {.may_be_missing = {"ehr0"}});
  EXPECT_THAT(left_.ruleset_text(), HasSubstr("ehr0"));
}

TEST_F(NodeRules, AMisspeltInterfaceLeavesEarlierRulesUntouched) {
  left_.load_ruleset_text(kRules);
  const auto before = left_.ruleset_text(nft::Handles::show);
  const std::string replacement =
      "flush ruleset; table netdev d { chain c { type filter hook ingress device eth0 priority 0; }; }; ";
  EXPECT_THAT(
      error_of([&] { left_.load_ruleset_text(replacement + "table ip t { chain c { iifname \"ehr0\" accept; }; }"); }),
      HasSubstr("chain c, rule 1 (handle 2) names the interface \"ehr0\""));
  EXPECT_EQ(left_.ruleset_text(nft::Handles::show), before);
  left_.load_ruleset_text("add rule inet filter input iifname \"ehr0\" accept", {.interfaces_must_exist = false});
  EXPECT_EQ(left_.ruleset().rules().size(), 3U);
  left_.load_ruleset_text(replacement + "table ip t { chain c { iif \"eth0\" accept; }; }");
  EXPECT_THAT(left_.ruleset_text(), HasSubstr("iif \"eth0\" accept"));
}

// What names "ehr0", as values, and with which command.
struct Misspelt {
  std::string command;
  nft::Transaction change;
};
std::vector<Misspelt> misspelt_values() {
  const nft::TableName table{nft::Family::inet, "filter"};
  const nft::ChainName input{table, "input"};
  const auto rule = [&](nft::Rule rule) { return nft::Transaction{}.flush(input).add(input, std::move(rule)); };
  auto lans = nft::Set::values("lans", nft::KeyType::ifname);
  return {
      {R"(add rule inet filter input iifname "ehr0" accept)", rule(nft::Rule{}.iif("ehr0").accept())},
      {R"(oifname != "ehr0" drop)", rule(nft::Rule{}.oif("ehr0", nft::Op::not_equal).drop())},
      {"add rule inet filter input iifname {", rule(nft::Rule{}.in(nft::Field::iifname, {"lo", "ehr0"}).accept())},
      {"iifname vmap {",
       rule(nft::Rule{}.vmap(nft::Field::iifname, {{"lo", nft::Verdict::accept()}, {"ehr0", nft::Verdict::drop()}}))},
      {"lans", nft::Transaction{}.flush(input).add(table, lans.add("eth0").add("ehr0"))},
      {"create element inet filter names", nft::Transaction{}.flush(input).add_elements({table, "names"}, {"ehr0"})},
  };
}

TEST_F(NodeRules, AMisspeltInterfaceInAValueIsNamedAndNothingChanges) {
  left_.load_ruleset_text(std::string{kRules} + "add set inet filter names { type ifname; }");
  const auto before = left_.ruleset_text(nft::Handles::show);
  for (const auto& [command, change] : misspelt_values()) {
    EXPECT_THAT(error_of([&] { left_.change_rules(change); }),
                AllOf(HasSubstr(command), HasSubstr("in \"left\": names the interface \"ehr0\""),
                      HasSubstr("(it has eth0, lo)")));
    EXPECT_EQ(left_.ruleset_text(nft::Handles::show), before);
  }
  for (const auto& each : misspelt_values()) {
    left_.load_ruleset_text("flush ruleset; " + std::string{kRules} + "add set inet filter names { type ifname; }");
    left_.change_rules(each.change, {.may_be_missing = {"ehr0"}});
    EXPECT_THAT(left_.ruleset_text(), HasSubstr("ehr0"));
  }
}

TEST_F(NodeRules, PatternsOfInterfacesInValuesMayMatchNothing) {
  nft::Ruleset rules;
  auto& chain = rules.add(nft::Table{nft::Family::inet, "t"}).add(nft::Chain::regular("c"));
  chain.add(nft::Rule{}.iif("ppp*").drop()).add(nft::Rule{}.oif("eth0").accept());
  left_.add_rules(rules);
  EXPECT_THAT(left_.exec({"nft", "list", "ruleset"}).out, HasSubstr("iifname \"ppp*\" drop"));
}

TEST_F(NodeRules, AMisspeltInterfaceIsNamedBesideRulesThatNftCannotLoad) {
  if (!left_.exec(process::sh("command -v iptables-nft")).success())
    NETRIG_SKIP("tool-iptables-nft", "not installed: iptables-nft");
  const auto rule = left_.exec({"iptables-nft", "-A", "INPUT", "-m", "statistic", "--mode", "nth", "--every", "2",
                                "--packet", "0", "-j", "DROP"});
  ASSERT_TRUE(rule.success()) << rule.err;
  EXPECT_THAT(error_of([&] { left_.load_ruleset_text("table ip t { chain c { iifname \"ehr0\" accept; }; }"); }),
              HasSubstr("names the interface \"ehr0\""));
  EXPECT_THAT(left_.exec({"nft", "list", "tables"}).out, ::testing::Not(HasSubstr("table ip t\n")));
}

TEST_F(NodeRules, ASyntaxErrorNamesNodeFileAndLine) {
  const auto rules = file("table ip t {\n  chain c {\n    udp dport 70000 accept\n  }\n}\n");
  EXPECT_THAT(error_of([&] { left_.load_ruleset(rules); }),
              AllOf(HasSubstr("load " + rules.string() + " in \"left\": " + rules.string() + ":3:15-19: Error:"),
                    HasSubstr("udp dport 70000 accept")));
}

// Files of iptables, and what iptables-save tells afterwards.
class IptablesFiles : public NodeRules, public ::testing::WithParamInterface<AddressFamily> {
 protected:
  void SetUp() override {
    if (!left_.exec(process::sh("command -v iptables-restore ip6tables-restore")).success())
      NETRIG_SKIP("tool-iptables-restore", "not installed: iptables-restore");
  }
  [[nodiscard]] std::string tool() const { return GetParam() == AddressFamily::ipv4 ? "iptables" : "ip6tables"; }
  [[nodiscard]] std::string peer() const { return GetParam() == AddressFamily::ipv4 ? "10.0.0.2/32" : "fd00::2/128"; }
  // Without the comments, which tell the time, and what policies counted: the kernel sends of itself (RFC 3810).
  [[nodiscard]] std::string saved() const {
    return left_.exec(process::sh(tool() + R"(-save | sed '/^#/d; s/\[[0-9]*:[0-9]*\]/[0:0]/')")).out;
  }
  void load(const std::filesystem::path& rules, const RulesetOptions& options = {}) const {
    left_.load_iptables(GetParam(), rules, options);
  }
};
INSTANTIATE_TEST_SUITE_P(Families, IptablesFiles, ::testing::Values(AddressFamily::ipv4, AddressFamily::ipv6),
                         [](const auto& family) { return family.param == AddressFamily::ipv4 ? "ipv4" : "ipv6"; });

TEST_P(IptablesFiles, AreLoadedAsTheyAre) {
  const auto rules =
      "*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:guests - [0:0]\n-A INPUT -s " +
      peer() + " -i eth0 -j guests\n-A INPUT -i ppp+ -j DROP\n-A guests ! -o lo -j ACCEPT\nCOMMIT\n";
  load(file(rules));
  EXPECT_EQ(saved(), rules);
  const auto other = GetParam() == AddressFamily::ipv4 ? "ip6tables-save" : "iptables-save";
  EXPECT_THAT(left_.exec({other}).out, ::testing::Not(HasSubstr("guests")));
}

TEST_P(IptablesFiles, WithAnErrorNameItAndChangeNothing) {
  load(file("*filter\n-A INPUT -s " + peer() + " -j ACCEPT\nCOMMIT\n"));
  const auto before = saved();
  const auto bad = file("*nat\n-A POSTROUTING -j MASQUERADE\nCOMMIT\n*filter\n-A INPUT -j NOWHERE\nCOMMIT\n");
  EXPECT_THAT(error_of([&] { load(bad); }),
              AllOf(HasSubstr(tool() + "-restore " + bad.string() + " in \"left\": "), HasSubstr("NOWHERE")));
  EXPECT_EQ(saved(), before);
}

TEST_P(IptablesFiles, AMisspeltInterfaceIsNamedAndNothingChanges) {
  load(file("*filter\n-A INPUT -s " + peer() + " -j ACCEPT\nCOMMIT\n"));
  const auto before = saved();
  const auto typo = file("*filter\n-A INPUT -i eth0 -j ACCEPT\n-A FORWARD ! -o ehr0 -j DROP\nCOMMIT\n");
  EXPECT_EQ(
      error_of([&] { load(typo); }),
      tool() + "-restore " + typo.string() +
          " in \"left\": line 3 names the interface \"ehr0\", which \"left\" does not have (it has eth0, lo); allow "
          "it by RulesetOptions::may_be_missing where it comes later");
  EXPECT_EQ(saved(), before);
  load(typo, {.may_be_missing = {"ehr0"}});
  EXPECT_THAT(saved(), HasSubstr("-A FORWARD ! -o ehr0 -j DROP\n"));
  load(file("*filter\n-A INPUT -i ehr1 -j ACCEPT\nCOMMIT\n"), {.interfaces_must_exist = false});
  EXPECT_THAT(saved(), HasSubstr("-A INPUT -i ehr1 -j ACCEPT\n"));
}

}  // namespace
}  // namespace netrig
