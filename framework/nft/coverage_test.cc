#include <netrig/nft/coverage.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <unistd.h>

namespace netrig::nft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

RuleUse use(std::size_t position, std::string text, std::uint64_t hits, std::string comment = {}) {
  return {.rule = {.chain = {{Family::inet, "filter"}, "forward"},
                   .position = position,
                   .handle = position + 3,
                   .text = std::move(text),
                   .comment = std::move(comment)},
          .hits = hits};
}

Coverage counted_office(std::uint64_t first = 3, std::uint64_t second = 0) {
  return {.nodes = {"gw"},
          .rules = {use(1, "ct state established,related accept", first),
                    use(2, R"(tcp dport { 80, 443 } drop comment "no web")", second, "no web")}};
}

class CoverageFileTest : public testing::Test {
 protected:
  void SetUp() override {
    auto pattern = (std::filesystem::temp_directory_path() / "netrig-coverage-XXXXXX").string();
    ::close(::mkstemp(pattern.data()));
    file_ = pattern;
  }
  void TearDown() override { std::filesystem::remove(file_); }
  [[nodiscard]] std::string content() const {
    std::ostringstream text;
    text << std::ifstream{file_}.rdbuf();
    return text.str();
  }
  std::filesystem::path file_;
};

TEST(CoverageTest, TellsWhatNothingHit) {
  const auto seen = counted_office();
  EXPECT_THAT(seen.unused(), ElementsAre(seen.rules[1]));
  EXPECT_EQ(seen.unused().front().to_string(),
            "never hit: table inet filter, chain forward, rule 2 (handle 5) \"no web\": tcp dport { 80, 443 } drop");
  EXPECT_EQ(seen.find_comment("no web"), &seen.rules[1]);
  EXPECT_EQ(seen.find_comment("web"), nullptr);
  EXPECT_THAT(counted_office(1, 1).unused(), SizeIs(0));
}

TEST(CoverageTest, PrintsATable) {
  EXPECT_EQ(to_string(counted_office()),
            "\"gw\": 1 of 2 rules exercised\n"
            "     hits  rule\n"
            "        3  table inet filter, chain forward, rule 1 (handle 4): ct state established,related accept\n"
            "    never  table inet filter, chain forward, rule 2 (handle 5) \"no web\": tcp dport { 80, 443 } drop\n");
  auto deaf = counted_office();
  deaf.complete = false;
  EXPECT_THAT(to_string(deaf), HasSubstr("1 of 2 rules exercised, perhaps more: not every packet was heard of\n"));
}

TEST(CoverageTest, AddsUpWhatIsOfTheSameRules) {
  std::vector<Coverage> all{counted_office()};
  auto again = counted_office(1, 2);
  again.nodes = {"edge"};
  again.rules[1].rule.text = R"(tcp dport { 443, 80 } drop comment "no web")";
  again.rules[1].rule.handle = 99;
  merge(all, again);
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_THAT(all.front().nodes, ElementsAre("edge", "gw"));
  EXPECT_EQ(all.front().rules[0].hits, 4U);
  EXPECT_EQ(all.front().rules[1].hits, 2U);
}

TEST(CoverageTest, KeepsApartWhatIsOfOtherRules) {
  std::vector<Coverage> all{counted_office()};
  auto other = counted_office();
  other.rules.pop_back();
  merge(all, other);
  auto elsewhere = counted_office();
  elsewhere.rules[0].rule.chain.name = "input";
  merge(all, elsewhere);
  EXPECT_THAT(all, SizeIs(3));
}

TEST(CoverageTest, JsonHoldsEverything) {
  auto deaf = counted_office();
  deaf.complete = false;
  const auto json = to_json({counted_office(), deaf});
  EXPECT_THAT(json, HasSubstr(R"("family": "inet",
          "table": "filter",
          "chain": "forward",
          "position": 2,
          "handle": 5,
          "comment": "no web",)"));
  const auto back = parse_coverage(json);
  ASSERT_TRUE(back) << back.error();
  EXPECT_THAT(*back, ElementsAre(counted_office(), deaf));
}

TEST(CoverageTest, OtherJsonIsRefused) {
  for (const char* text : {"", "{", "[]", R"({"rulesets": 3})", R"({"rulesets": [{"nodes": ["a"]}]})"}) {
    EXPECT_FALSE(parse_coverage(text)) << text;
  }
  auto json = to_json({counted_office()});
  json.replace(json.find("inet"), 4, "next");
  const auto wrong = parse_coverage(json);
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message(), HasSubstr("next"));
}

TEST_F(CoverageFileTest, GathersWhatSeveralRunsSaw) {
  ASSERT_TRUE(merge_into_file(file_, {counted_office(3, 0)}));
  ASSERT_TRUE(merge_into_file(file_, {counted_office(0, 5), {.nodes = {"other"}, .rules = {use(1, "accept", 0)}}}));
  const auto all = parse_coverage(content());
  ASSERT_TRUE(all) << all.error();
  ASSERT_THAT(*all, SizeIs(2));
  EXPECT_EQ(all->front(), counted_office(3, 5));
}

TEST_F(CoverageFileTest, AFileOfSomethingElseStaysAsItIs) {
  std::ofstream{file_} << "precious";
  const auto refused = merge_into_file(file_, {counted_office()});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), testing::AllOf(HasSubstr(file_.string()), HasSubstr("something else")));
  EXPECT_EQ(content(), "precious");
}

}  // namespace
}  // namespace netrig::nft
