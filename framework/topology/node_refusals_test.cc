// Rules that a node refuses: the error names the object, and the node's ruleset is what it was.
#include <netrig/topology/lab.h>
#include <netrig/topology/test_topologies.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

namespace netrig {
namespace {

using nft::Rule;
using test::error_of;
using test::pair;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kOwn = R"(table inet own {
  set guests { type ipv4_addr; elements = { 10.0.0.7 }; }
  chain input {
    type filter hook input priority 0
    ip saddr @guests counter drop comment "guests"
  }
})";

class RefusalsTest : public ::testing::Test {
 protected:
  void SetUp() override { left_.load_ruleset_text(kOwn); }
  // Refused, for a reason that says `named`, and nothing has changed.
  template <class Use>
  void refused(const std::string& named, const Use& use) const {
    const auto before = left_.ruleset_text(nft::Handles::show);
    const auto objection = error_of(use);
    EXPECT_THAT(objection, AllOf(HasSubstr("\"left\""), HasSubstr(named)));
    EXPECT_EQ(left_.ruleset_text(nft::Handles::show), before);
    EXPECT_THAT(nft::differences(nft::Listing::parse(before), left_.ruleset()), IsEmpty());
  }

  const Lab lab_{pair()};
  const Node left_ = lab_["left"];
};

struct Refusal {
  const char* what;
  const char* text;
  const char* named;
};
std::ostream& operator<<(std::ostream& out, const Refusal& refusal) { return out << refusal.what; }

class RefusedTextTest : public RefusalsTest, public ::testing::WithParamInterface<Refusal> {};

// Each file would first take away what is there, and ends with what is wrong: all of it or nothing. Where that is told
// by its place, the place is the wrong word and nothing else. In a table that was not there before nft 1.0.6 takes a
// chain that is missing for the table, so the table is one that is there.
TEST_P(RefusedTextTest, IsNamedAndChangesNothing) {
  const auto text = std::string{"flush ruleset\ntable inet own {\n"} + GetParam().text + "\n}\n";
  refused(GetParam().named, [&] { left_.load_ruleset_text(text); });
}

INSTANTIATE_TEST_SUITE_P(
    Cases, RefusedTextTest,
    ::testing::Values(
        Refusal{"a misspelt word", "chain c { tcp dprt 80 accept; }", "ruleset:3:15-18: Error"},
        Refusal{"a brace that is missing", "chain c { accept; ",
                "ruleset:5:1-1: Error: syntax error, unexpected end of file"},
        Refusal{"an interface by name", R"(chain c { iifname "nowhere0" drop; })", "names the interface \"nowhere0\""},
        Refusal{"an interface by number", R"(chain c { iif "nowhere0" drop; })",
                "ruleset:3:15-24: Error: Interface does not exist"},
        Refusal{"an address of the other family", "chain c { ip saddr fd00::1 drop; }", "ruleset:3:20-26: Error"},
        Refusal{"ports upside down", "chain c { tcp dport 90-80 drop; }", "ruleset:3:21-25: Error"},
        Refusal{"an unknown set", "chain c { ip saddr @nobody drop; }", "ruleset:3:20-26: Error"},
        Refusal{"an unknown map", "chain c { tcp dport vmap @nothing; }", "ruleset:3:26-33: Error"},
        Refusal{"an unknown chain", "chain c { jump elsewhere; }", "ruleset:3:16-24: Error"},
        Refusal{"a port that is too large", "chain c { udp dport 70000 drop; }", "ruleset:3:21-25: Error"}),
    [](const auto& info) {
      std::string name = info.param.what;
      for (char& each : name) each = each == ' ' ? '_' : each;
      return name;
    });

TEST_F(RefusalsTest, OfValuesNeitherTheGoodNorTheBadOnesAreAdded) {
  const nft::ChainName input{{nft::Family::inet, "own"}, "input"};
  const auto with = [&](const Rule& bad) {
    return
        [&, bad] { left_.change_rules(nft::Transaction{}.flush(input).add(input, Rule{}.accept()).add(input, bad)); };
  };
  refused("port range 90-80 is upside down", with(Rule{}.tcp_dport({90, 80}).drop()));
  refused("an ip packet cannot be translated to an ip6 address", with(Rule{}.saddr("10.0.0.1").dnat("fd00::1")));
  refused("10.0.0.300", with(Rule{}.saddr("10.0.0.300").drop()));
  refused("jump nowhere", with(Rule{}.jump("nowhere")));
  refused("delete rule inet own input handle 999",
          [&] { left_.change_rules(nft::Transaction{}.flush(input).remove(input, 999)); });
}

TEST_F(RefusalsTest, ARuleIsFoundChangedAndTakenAway) {
  const auto before = left_.ruleset();
  const auto* guests = before.find_comment("guests");
  ASSERT_NE(guests, nullptr);
  ASSERT_EQ(before.find(guests->chain.table, guests->handle), guests);
  left_.change_rules(nft::Transaction{}.replace(guests->chain, guests->handle, Rule{}.accept().comment("all")));
  EXPECT_THAT(nft::differences(before, left_.ruleset()),
              ::testing::UnorderedElementsAre(HasSubstr("removed rule 1: ip saddr @guests"),
                                              HasSubstr("added rule 1: accept comment \"all\"")));
  left_.change_rules(nft::Transaction{}.flush(guests->chain));
  EXPECT_THAT(left_.ruleset().rules(), IsEmpty());
  left_.flush_rules();
  EXPECT_EQ(left_.ruleset_text(), "");
}

}  // namespace
}  // namespace netrig
