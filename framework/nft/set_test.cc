// Sets and verdict maps: what they refuse, what they do to packets, and how elements come and go.
#include <netrig/nft/fresh_network.h>
#include <netrig/testing/skip.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cerrno>

namespace netrig::nft {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const TableName kSetsTable{Family::inet, "filter"};
const SetName kGuests{kSetsTable, "guests"};
const ChainName kSetsOutput{kSetsTable, "output"};

struct BadElements {
  SetType type;
  std::vector<SetElement> elements;
  std::string reason;
};
std::ostream& operator<<(std::ostream& out, const BadElements& bad) { return out << bad.reason; }

constexpr SetType kHosts{.key = KeyType::ipv4_addr};
constexpr SetType kNets{.key = KeyType::ipv4_addr, .interval = true};
constexpr SetType kNets6{.key = KeyType::ipv6_addr, .interval = true};
constexpr SetType kPorts{.key = KeyType::inet_service, .interval = true};
constexpr SetType kNames{.key = KeyType::ifname};
constexpr SetType kMap{.key = KeyType::inet_service, .map = true};

class BadElementsTest : public testing::TestWithParam<BadElements> {};

TEST_P(BadElementsTest, AreRefusedByName) {
  const auto checked = check_elements(GetParam().type, GetParam().elements);
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().message(), HasSubstr(GetParam().reason));
}

INSTANTIATE_TEST_SUITE_P(
    Cases, BadElementsTest,
    testing::Values(
        BadElements{kHosts, {"10.0.0.1", "fd00::1"}, "element fd00::1 is no ipv4_addr"},
        BadElements{kNets6, {"10.0.0.0/24"}, "element 10.0.0.0/24 is no ipv6_addr"},
        BadElements{kPorts, {"10.0.0.1"}, "element 10.0.0.1 is no inet_service"},
        BadElements{kHosts, {80}, "element 80 is no ipv4_addr"}, BadElements{kNames, {80}, "element 80 is no ifname"},
        BadElements{kHosts, {"eth0"}, "element \"eth0\" is no ipv4_addr"},
        BadElements{kHosts, {"10.0.0.0/24"}, "element 10.0.0.0/24 is more than one key"},
        BadElements{kNets, {"10.0.0.1/24"}, "10.0.0.1/24"}, BadElements{kNets6, {"fd00::1/64"}, "fd00::1/64"},
        BadElements{kNets, {"10.0.0.300"}, "10.0.0.300"},
        BadElements{kNets, {"10.0.0.9-10.0.0.1"}, "element 10.0.0.9-10.0.0.1 is upside down"},
        BadElements{kNets, {"10.0.0.9-fd00::1"}, "element 10.0.0.9-fd00::1 is no ipv4_addr"},
        BadElements{kPorts, {"90-80"}, "90-80"},
        BadElements{kPorts, {PortRange{90, 80}}, "element 90-80 is upside down"},
        BadElements{kPorts, {"70000"}, "70000"}, BadElements{kNames, {"much-too-long-a-name"}, "much-too-long-a-name"},
        BadElements{{.key = KeyType::ifname, .interval = true}, {"eth0"}, "names of interfaces have no ranges"},
        BadElements{kHosts, {"10.0.0.1", "10.0.0.2", "10.0.0.1"}, "element 10.0.0.1 is there twice"},
        BadElements{kNames, {"eth0", "eth0"}, "element \"eth0\" is there twice"},
        BadElements{kNets, {"10.0.0.0/24", "10.0.0.0/8"}, "elements 10.0.0.0/24 and 10.0.0.0/8 overlap"},
        BadElements{kPorts, {"1000-2000", 1500}, "elements 1000-2000 and 1500 overlap"},
        BadElements{kPorts, {"1000-2000", "2000-3000"}, "elements 1000-2000 and 2000-3000 overlap"},
        BadElements{kMap, {22}, "element 22 has no verdict"},
        BadElements{kPorts, {{22, Verdict::accept()}}, "element 22 : accept has a verdict"},
        BadElements{kMap, {{22, Verdict::drop()}, {22, Verdict::accept()}}, "element 22 is there twice"},
        BadElements{kMap, {{22, Verdict::jump("")}}, "only they, name a chain"}));

// With a chain that drops, and an empty one at output.
Table filter() {
  Table table{.family = Family::inet, .name = "filter"};
  table.add(Chain::regular("web")).add(Rule{}.drop());
  table.add(Chain::base("output", ChainType::filter, Hook::output, priority::kFilter));
  return table;
}

class SetsTest : public FreshNetworkTest {
 protected:
  void SetUp() override {
    FreshNetworkTest::SetUp();
    if (IsSkipped()) return;
    Table table = filter();
    table.add(Set::ranges("guests", KeyType::ipv4_addr).add("10.0.0.0/24"));
    table.add(Set::values("hosts6", KeyType::ipv6_addr));
    table.add(Set::verdicts("services", KeyType::inet_service).add(22, Verdict::accept()));
    ASSERT_TRUE(apply(socket(), Transaction{}.add(table)));
    before_ = listing();
  }
  /// What a refused transaction says; it must leave everything as it was.
  std::string refusal(const Transaction& transaction) {
    const auto applied = apply(socket(), transaction);
    EXPECT_EQ(listing(), before_);
    return applied ? "" : applied.error().message();
  }
  std::vector<std::string> elements(const SetName& name) {
    const Ruleset ruleset = listing();
    std::vector<std::string> texts;
    for (const SetElement& element : ruleset.find_set(name)->elements) texts.push_back(to_string(element));
    return texts;
  }
  Ruleset before_;
};

TEST_F(SetsTest, AnUnknownSetIsNamedWithThoseThatThereAre) {
  EXPECT_EQ(refusal(Transaction{}.add(kSetsOutput, Rule{}.in(Field::ip_saddr, "gests").drop())),
            "add rule inet filter output ip saddr @gests drop in \"node\": ENOENT (No such file or directory): "
            "table inet filter has no set or map gests (it has guests, hosts6, services)");
  EXPECT_THAT(refusal(Transaction{}.add_elements({kSetsTable, "gests"}, {"10.0.0.1"})),
              AllOf(HasSubstr("create element inet filter gests { 10.0.0.1 }"), HasSubstr("no set or map gests")));
  EXPECT_THAT(refusal(Transaction{}.add(kSetsOutput, Rule{}.vmap(Field::tcp_dport, "servces"))),
              HasSubstr("no set or map servces"));
}

TEST_F(SetsTest, ALookUpOfAnotherKindThanTheSetHoldsIsRefused) {
  EXPECT_THAT(refusal(Transaction{}.add(kSetsOutput, Rule{}.in(Field::ip6_saddr, "guests"))),
              HasSubstr("guests holds keys of type ipv4_addr, and ip6 saddr is ipv6_addr"));
  EXPECT_THAT(refusal(Transaction{}.add(kSetsOutput, Rule{}.in(Field::tcp_dport, "services"))),
              HasSubstr("services is a verdict map: look into it by vmap"));
  EXPECT_THAT(refusal(Transaction{}.add(kSetsOutput, Rule{}.vmap(Field::ip_saddr, "guests"))),
              HasSubstr("guests is no verdict map"));
}

TEST_F(SetsTest, WrongElementsAreNamedWithTheirSet) {
  EXPECT_EQ(refusal(Transaction{}.add_elements(kGuests, {"10.1.0.0/24", "fd00::/64"})),
            "create element inet filter guests { fd00::/64 } in \"node\": element fd00::/64 is no ipv4_addr");
  EXPECT_EQ(refusal(Transaction{}.add(kSetsTable, Set::values("more", KeyType::inet_service).add(1).add("eth0"))),
            "add set inet filter more { type inet_service; } in \"node\": element \"eth0\" is no inet_service");
  EXPECT_THAT(refusal(Transaction{}.flush(kSetsTable).add(kSetsOutput, Rule{}.in(Field::tcp_dport, {"90-80"}).drop())),
              HasSubstr("90-80"));
}

TEST_F(SetsTest, WhatTheSetHasAlreadyIsRefusedByTheKernel) {
  EXPECT_THAT(refusal(Transaction{}.add_elements(kGuests, {"10.9.0.0/24", "10.0.0.0/24"})),
              HasSubstr("create element inet filter guests { 10.0.0.0/24 } in \"node\": EEXIST"));
  EXPECT_THAT(refusal(Transaction{}.add_elements(kGuests, {"10.0.0.0/8"})), HasSubstr("EEXIST"));
  EXPECT_THAT(refusal(Transaction{}.add_elements({kSetsTable, "services"}, {{22, Verdict::drop()}})),
              HasSubstr("EEXIST"));
  EXPECT_THAT(refusal(Transaction{}.remove_elements(kGuests, {"10.7.0.0/24"})),
              HasSubstr("delete element inet filter guests { 10.7.0.0/24 } in \"node\": ENOENT"));
}

TEST_F(SetsTest, ElementsComeAndGo) {
  ASSERT_TRUE(apply(socket(), Transaction{}.add_elements(kGuests, {"10.0.1.0/24", "9.0.0.1", "255.255.0.0/16"})));
  EXPECT_THAT(elements(kGuests), ElementsAre("9.0.0.1", "10.0.0.0/24", "10.0.1.0/24", "255.255.0.0/16"));
  const std::string witness = NETRIG_OUTPUT_OR_SKIP("nft -a list ruleset");
  EXPECT_EQ(to_string(listing(), Handles::show), witness);
  ASSERT_TRUE(apply(socket(), Transaction{}.remove_elements(kGuests, {"10.0.0.0/24", "255.255.0.0/16"})));
  EXPECT_THAT(elements(kGuests), ElementsAre("9.0.0.1", "10.0.1.0/24"));
  ASSERT_TRUE(apply(socket(), Transaction{}
                                  .flush_set(kGuests)
                                  .remove_set({kSetsTable, "hosts6"})
                                  .remove_elements({kSetsTable, "services"}, {22})));
  EXPECT_THAT(elements(kGuests), IsEmpty());
  EXPECT_THAT(elements({kSetsTable, "services"}), IsEmpty());
  EXPECT_EQ(listing().find_set({kSetsTable, "hosts6"}), nullptr);
}

TEST_F(SetsTest, ASetThatARuleLooksIntoStays) {
  ASSERT_TRUE(apply(socket(), Transaction{}.add(kSetsOutput, Rule{}.in(Field::ip_saddr, "guests").drop())));
  before_ = listing();
  EXPECT_THAT(refusal(Transaction{}.remove_set(kGuests)),
              HasSubstr("delete set inet filter guests in \"node\": EBUSY"));
}

TEST_F(SetsTest, AddingWhatIsThereAgainChangesNothing) {
  ASSERT_TRUE(apply(socket(), Transaction{}.add(before_)));
  EXPECT_EQ(elements(kGuests), (std::vector<std::string>{"10.0.0.0/24"}));
}

TEST_F(SetsTest, ThousandsOfElementsAreOneTransaction) {
  Set many = Set::ranges("many", KeyType::ipv4_addr);
  for (unsigned i = 0; i < 2000; ++i) many.add(SetElement{fmt::format("10.{}.{}.0/25", i / 256, i % 256)});
  ASSERT_TRUE(apply(socket(), Transaction{}.add(kSetsTable, many)));
  EXPECT_EQ(listing().find_set({kSetsTable, "many"})->elements, many.elements);
}

TEST_F(SetsTest, PacketsMeetWhatTheSetsSay) {
  const std::vector<SetElement> ports{"6000-6010", 7000};
  ASSERT_TRUE(apply(socket(),
                    Transaction{}
                        .add(kSetsOutput, Rule{}.in(Field::udp_dport, ports).drop())
                        .add(kSetsOutput, Rule{}.vmap(Field::ip_daddr, {{"127.0.1.0/24", Verdict::jump("web")}}))
                        .add(kSetsTable, Set::values("six", KeyType::ipv6_addr).add("::1"))
                        .add(kSetsOutput, Rule{}.udp_dport(9000).in(Field::ip6_daddr, "six").drop())
                        .add(kSetsTable, Set::ranges("loops", KeyType::ipv4_addr).add("127.0.2.0/24").add("127.0.3.7"))
                        .add(kSetsOutput, Rule{}.in(Field::ip_daddr, "loops").drop())));
  for (const std::uint16_t port : std::initializer_list<std::uint16_t>{5999, 6011, 7001})
    EXPECT_EQ(send_udp("127.0.0.1", port), 0) << port;
  for (const std::uint16_t port : std::initializer_list<std::uint16_t>{6000, 6010, 7000})
    EXPECT_EQ(send_udp("127.0.0.1", port), EPERM) << port;
  EXPECT_EQ(send_udp("127.0.1.9", 5000), EPERM);
  EXPECT_EQ(send_udp("127.0.2.1", 5000), EPERM);
  EXPECT_EQ(send_udp("127.0.3.7", 5000), EPERM);
  EXPECT_EQ(send_udp("127.0.3.8", 5000), 0);
  EXPECT_EQ(send_udp("::1", 9000), EPERM);
  EXPECT_EQ(send_udp("::1", 9001), 0);
}

TEST_F(SetsTest, SetsWithMoreThanHasValuesHereAreLeftOut) {
  const std::string done = NETRIG_OUTPUT_OR_SKIP(
      "nft 'add set inet filter timed { type ipv4_addr; timeout 1h; }; "
      "add set inet filter said { type ipv4_addr; elements = { 10.0.0.1 comment \"x\" }; }; "
      "add rule inet filter output ip saddr @timed accept'");
  EXPECT_EQ(done, "");
  EXPECT_THAT(listing().find(kSetsTable)->sets, SizeIs(3));
  EXPECT_EQ(to_string(listing().find(kSetsOutput)->rules.front()), "ip saddr @timed accept");
  before_ = listing();
  EXPECT_THAT(refusal(Transaction{}.add_elements({kSetsTable, "timed"}, {"10.0.0.1"})),
              HasSubstr("timed is of a kind that has no value here"));
}

TEST_F(SetsTest, WhatNftMadeIsReadAsItPrintsIt) {
  const std::string done = NETRIG_OUTPUT_OR_SKIP(
      "nft 'add rule inet filter output tcp dport { 80, 443, 8000-8080 } ip saddr vmap { 10.0.0.0/8 : jump web, "
      "10.0.0.0-10.255.255.255 : jump web }'");
  EXPECT_EQ(done, "");
  const std::string witness = NETRIG_OUTPUT_OR_SKIP("nft -a list ruleset");
  EXPECT_EQ(to_string(listing(), Handles::show), witness);
}

}  // namespace
}  // namespace netrig::nft
