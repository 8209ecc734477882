// Which rules of a node packets have met, and what a program remembers of it.
#include <netrig/base/scope_exit.h>
#include <netrig/testing/skip.h>
#include <netrig/topology/explain.h>
#include <netrig/topology/lab.h>
#include <netrig/topology/program_coverage.h>
#include <netrig/topology/test_topologies.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <unistd.h>

namespace netrig {
namespace {

using test::error_of;
using test::office;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using traffic::icmp;
using traffic::tcp;

constexpr const char* kGuard = R"(table inet guard {
  chain forward {
    type filter hook forward priority 0
    ct state established,related accept
    tcp dport 80 drop comment "no web"
    meta l4proto { icmp, icmpv6 } accept comment "ping"
  }
})";

std::vector<std::uint64_t> hits(const nft::Coverage& seen) {
  std::vector<std::uint64_t> counts;
  for (const auto& use : seen.rules) counts.push_back(use.hits);
  return counts;
}

// Of the program, that of the rules with this comment in it.
std::vector<nft::Coverage> program_coverage_with(std::string_view comment) {
  auto all = program_coverage();
  std::erase_if(all, [&](const auto& each) { return each.find_comment(comment) == nullptr; });
  return all;
}

// One echo request, which is answered.
void ping(const Node& from, const Node& to, AddressFamily family = AddressFamily::ipv4) {
  EXPECT_EQ(from.ping({.destination = to.address(family), .count = 1}).received(), 1U);
}

// The program's coverage outlives a test, which may run again: its rules are of another name then.
std::string unique(const std::string& comment) {
  static int number = 0;
  return comment + std::to_string(++number);
}

class NodeCoverageTest : public ::testing::Test {
 protected:
  std::optional<Lab> lab_{office()};
  const Node pc_ = (*lab_)["pc"], gw_ = (*lab_)["gw"], server_ = (*lab_)["server"];
};

TEST_F(NodeCoverageTest, CountsPacketsThroughAFirewall) {
  gw_.load_ruleset_text(kGuard);
  gw_.record_coverage();
  EXPECT_THAT(hits(gw_.coverage()), ElementsAre(0, 0, 0));
  ping(pc_, server_);
  EXPECT_THAT(hits(gw_.coverage()), ElementsAre(1, 0, 1));
  ping(pc_, server_, AddressFamily::ipv6);
  EXPECT_THAT(hits(gw_.coverage()), ElementsAre(2, 0, 2));
  EXPECT_EQ(gw_.coverage().unused().front().rule.comment, "no web");
}

TEST_F(NodeCoverageTest, RecordsBesideExplanations) {
  gw_.load_ruleset_text(kGuard);
  gw_.record_coverage();
  EXPECT_EQ(explain(pc_, server_, tcp(80)).verdict, Verdict::dropped);
  EXPECT_EQ(explain(pc_, server_, icmp()).verdict, Verdict::accepted);
  const auto seen = gw_.coverage();
  EXPECT_TRUE(seen.complete);
  EXPECT_THAT(seen.unused(), IsEmpty()) << seen;
}

TEST_F(NodeCoverageTest, RulesThatAProgramLoadsStartAnew) {
  gw_.record_coverage();
  gw_.exec({"nft", kGuard});
  ping(pc_, server_);
  gw_.exec({"nft", std::string{"flush ruleset; "} + kGuard});
  EXPECT_EQ(explain(pc_, server_, tcp(80)).verdict, Verdict::dropped);
  EXPECT_THAT(hits(gw_.coverage()), ElementsAre(0, Gt(0U), 0));
}

TEST_F(NodeCoverageTest, IptablesRulesCountToo) {
  if (!gw_.exec(process::sh("command -v iptables")).success()) NETRIG_SKIP("tool-iptables", "not installed: iptables");
  gw_.record_coverage();
  gw_.exec({"iptables", "-A", "FORWARD", "-p", "icmp", "-j", "ACCEPT"});
  gw_.exec({"iptables", "-A", "FORWARD", "-p", "tcp", "-m", "tcp", "--dport", "80", "-j", "DROP"});
  ping(pc_, server_);
  EXPECT_THAT(hits(gw_.coverage()), ElementsAre(2, 0));
}

TEST_F(NodeCoverageTest, WhereNobodyRecordsItIsAnError) {
  EXPECT_THAT(error_of([&] { (void)gw_.coverage(); }),
              AllOf(HasSubstr("in \"gw\""), HasSubstr("call record_coverage() first")));
}

TEST_F(NodeCoverageTest, TheProgramRemembersEveryRulesetThatPacketsMet) {
  const auto one = unique("one"), two = unique("two");
  gw_.record_coverage();
  gw_.load_ruleset_text("table ip t { chain c { type filter hook forward priority 0; accept comment \"" + one +
                        "\"; }; }");
  ping(pc_, server_);
  gw_.load_ruleset_text("flush ruleset; table ip t { chain c { counter accept comment \"" + two + "\"; }; }");
  EXPECT_THAT(program_coverage_with(one), SizeIs(1));
  EXPECT_THAT(program_coverage_with(two), IsEmpty());
  lab_.reset();
  const auto first = program_coverage_with(one), second = program_coverage_with(two);
  ASSERT_THAT(first, SizeIs(1));
  EXPECT_THAT(hits(first.front()), ElementsAre(2));
  ASSERT_THAT(second, SizeIs(1));
  EXPECT_THAT(hits(second.front()), ElementsAre(0));
}

TEST_F(NodeCoverageTest, RulesOfOneTextCountTogetherAcrossLabs) {
  const auto shared = unique("shared");
  const auto rules =
      "table ip t { chain c { type filter hook forward priority 0; icmp type echo-request accept comment \"" + shared +
      "\"; }; }";
  for (const bool again : {false, true}) {
    if (again) lab_.emplace(office());
    (*lab_)["gw"].record_coverage();
    (*lab_)["gw"].load_ruleset_text(rules);
    ping((*lab_)["pc"], (*lab_)["server"]);
  }
  lab_.reset();
  const auto seen = program_coverage_with(shared);
  ASSERT_THAT(seen, SizeIs(1));
  EXPECT_THAT(hits(seen.front()), ElementsAre(2));
}

TEST(CoverageOfAProgram, IsWrittenToTheFileThatTheEnvironmentNames) {
  auto pattern = (std::filesystem::temp_directory_path() / "netrig-coverage-XXXXXX").string();
  ::close(::mkstemp(pattern.data()));
  ::setenv("NETRIG_COVERAGE", pattern.c_str(), 1);
  const ScopeExit clean{[&] {
    ::unsetenv("NETRIG_COVERAGE");
    ::unlink(pattern.c_str());
  }};
  {
    const Lab lab{office()};
    lab["gw"].load_ruleset_text(
        "table ip t { chain c { type filter hook input priority 0; accept comment \"filed\"; }; }");
    ping(lab["pc"], lab["gw"]);
  }
  std::ostringstream text;
  text << std::ifstream{pattern}.rdbuf();
  const auto filed = nft::parse_coverage(text.str());
  ASSERT_TRUE(filed) << filed.error();
  ASSERT_THAT(*filed, ::testing::Contains(::testing::ResultOf(
                          [](const auto& each) { return each.find_comment("filed") != nullptr; }, true)));
  EXPECT_THAT(hits(filed->back()), ElementsAre(1));
  EXPECT_THAT(filed->back().nodes, ElementsAre("gw"));
}

}  // namespace
}  // namespace netrig
