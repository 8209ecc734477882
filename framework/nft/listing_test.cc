// Listings taken apart. The texts are what nft 1.0.6 printed.
#include <netrig/nft/listing.h>

#include <gmock/gmock.h>

#include <regex>

namespace netrig::nft {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kListedOffice = R"(table inet office { # handle 3
	comment "the office"
	set guests { # handle 4
		type ipv4_addr
		flags interval
		elements = { 10.9.1.0/24, 10.9.3.7,
			     10.9.4.4 counter packets 1 bytes 84 }
	}

	chain forward { # handle 1
		comment "between networks"
		type filter hook forward priority filter; policy drop;
		ct state vmap { established : accept, invalid : drop } # handle 6
		ip saddr @guests counter packets 7 bytes 420 drop comment "guests # handle 9" # handle 7
		tcp dport { 22, 80 } accept # handle 9
	}

	chain web { # handle 2
	}
}
table ip6 nat { # handle 4
	chain out { # handle 1
		type nat hook postrouting priority srcnat; policy accept;
		masquerade # handle 7
	}
}
)";

const TableName kOfficeTable{Family::inet, "office"};

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const auto at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), with);
}

std::vector<std::string> changes(const std::string& what, const std::string& with) {
  return differences(Listing::parse(kListedOffice), Listing::parse(replaced(kListedOffice, what, with)));
}

TEST(ListingTest, KnowsEachRuleWithPositionHandleAndComment) {
  const auto listing = Listing::parse(kListedOffice);
  ASSERT_THAT(listing.rules(), SizeIs(4));
  const ListedRule& rule = listing.rules()[1];
  EXPECT_EQ(rule.chain, (ChainName{kOfficeTable, "forward"}));
  EXPECT_EQ(rule.position, 2U);
  EXPECT_EQ(rule.handle, 7U);
  EXPECT_EQ(rule.comment, "guests # handle 9");
  EXPECT_EQ(
      rule.to_string(),
      "table inet office, chain forward, rule 2 (handle 7) \"guests # handle 9\": ip saddr @guests counter packets "
      "7 bytes 420 drop");
}

TEST(ListingTest, FindsARuleByCommentOrHandle) {
  const auto listing = Listing::parse(kListedOffice);
  ASSERT_NE(listing.find_comment("guests # handle 9"), nullptr);
  EXPECT_EQ(listing.find_comment("guests # handle 9")->handle, 7U);
  EXPECT_EQ(listing.find_comment("nobody"), nullptr);
  ASSERT_NE(listing.find(kOfficeTable, 9), nullptr);
  EXPECT_EQ(listing.find(kOfficeTable, 9)->text, "tcp dport { 22, 80 } accept");
  EXPECT_EQ(listing.find({Family::ip6, "nat"}, 7)->text, "masquerade");
  EXPECT_EQ(listing.find(kOfficeTable, 77), nullptr);
}

TEST(ListingTest, ReadsListingsWithoutHandles) {
  const auto bare = std::regex_replace(std::string{kListedOffice}, std::regex{" # handle [0-9]+(\n|$)"}, "\n");
  const auto listing = Listing::parse(bare);
  EXPECT_THAT(listing.rules(), SizeIs(4));
  EXPECT_EQ(listing.rules().back().handle, 0U);
  EXPECT_EQ(listing.find(kOfficeTable, 0), nullptr);
  EXPECT_THAT(differences(listing, Listing::parse(kListedOffice)), IsEmpty());
}

TEST(ListingTest, OfNothingHoldsNothing) {
  EXPECT_THAT(Listing::parse("").rules(), IsEmpty());
  EXPECT_THAT(differences(Listing::parse(""), Listing::parse("")), IsEmpty());
}

TEST(DifferencesTest, CountersAndHandlesDoNotMatter) {
  EXPECT_THAT(changes("packets 7 bytes 420", "packets 8 bytes 504"), IsEmpty());
  EXPECT_THAT(changes("# handle 9\n", "# handle 99\n"), IsEmpty());
}

TEST(DifferencesTest, TheOrderOfElementsDoesNotMatter) {
  EXPECT_THAT(changes("{ 22, 80 }", "{ 80, 22 }"), IsEmpty());
  EXPECT_THAT(changes("10.9.1.0/24, 10.9.3.7", "10.9.3.7, 10.9.1.0/24"), IsEmpty());
}

TEST(DifferencesTest, NameTheRuleThatCameOrWent) {
  EXPECT_THAT(changes("\t\ttcp dport { 22, 80 } accept # handle 9\n", ""),
              ElementsAre("table inet office, chain forward: removed rule 3: tcp dport { 22, 80 } accept"));
  EXPECT_THAT(changes("\t\tct state", "\t\tudp dport 53 accept # handle 20\n\t\tct state"),
              ElementsAre("table inet office, chain forward: added rule 1: udp dport 53 accept"));
}

TEST(DifferencesTest, ShowAChangedRuleBeforeAndAfter) {
  EXPECT_THAT(changes("{ 22, 80 } accept", "{ 22, 80 } drop"),
              ElementsAre("table inet office, chain forward: removed rule 3: tcp dport { 22, 80 } accept",
                          "table inet office, chain forward: added rule 3: tcp dport { 22, 80 } drop"));
}

TEST(DifferencesTest, NameElementsOfSetsPoliciesAndWholeChains) {
  EXPECT_THAT(changes("10.9.3.7,\n", "10.9.3.8,\n"),
              ElementsAre("table inet office, set guests: removed: element 10.9.3.7",
                          "table inet office, set guests: added: element 10.9.3.8"));
  EXPECT_THAT(
      changes("policy drop", "policy accept"),
      ElementsAre("table inet office, chain forward: removed: type filter hook forward priority filter; policy drop;",
                  "table inet office, chain forward: added: type filter hook forward priority filter; policy accept;"));
  EXPECT_THAT(changes("chain web {", "chain mail {"),
              ElementsAre("removed table inet office, chain web", "added table inet office, chain mail"));
}

TEST(DifferencesTest, OfAMovedRuleAreARemovalAndAnAddition) {
  const std::string rule = "\t\ttcp dport { 22, 80 } accept # handle 9\n";
  auto moved = replaced(kListedOffice, rule, "");
  moved = replaced(moved, "\t\tct state", rule + "\t\tct state");
  EXPECT_THAT(differences(Listing::parse(kListedOffice), Listing::parse(moved)),
              ElementsAre("table inet office, chain forward: added rule 1: tcp dport { 22, 80 } accept",
                          "table inet office, chain forward: removed rule 3: tcp dport { 22, 80 } accept"));
}

TEST(DifferencesTest, OfLongChainsAreStillTold) {
  std::string before = "table ip t {\n\tchain c {\n", after = before;
  for (int i = 0; i < 9000; ++i) {
    before += "\t\tmeta mark " + std::to_string(i) + " accept\n";
    after += "\t\tmeta mark " + std::to_string(i + 100'000) + " accept\n";
  }
  EXPECT_THAT(differences(Listing::parse(before + "\t}\n}\n"), Listing::parse(after + "\t}\n}\n")), SizeIs(18'000));
}

}  // namespace
}  // namespace netrig::nft
