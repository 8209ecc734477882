#include <netrig/nft/rule.h>
#include <netrig/nft/rule_cases.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace netrig::nft {
namespace {

using testing::HasSubstr;

class EveryRuleTest : public testing::TestWithParam<RuleCase> {};

TEST_P(EveryRuleTest, PrintsAsNftDoes) { EXPECT_EQ(to_string(GetParam().rule, GetParam().family), GetParam().text); }

TEST_P(EveryRuleTest, IsReadBackAsItWasWritten) {
  const auto& [family, hook, rule, text, needs, sets] = GetParam();
  const auto read = canonical(rule, family);
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(to_string(*read, family), text);
  EXPECT_TRUE(same_rule(rule, *read, family));
}

INSTANTIATE_TEST_SUITE_P(Cases, EveryRuleTest, testing::ValuesIn(rule_cases()));

std::string shown(const Rule& rule, Family family = Family::inet) {
  const auto read = canonical(rule, family);
  return read ? to_string(*read, family) : read.error().message();
}

TEST(RuleTest, AMatchThatALaterOneImpliesIsNotShown) {
  EXPECT_EQ(shown(Rule{}.protocol(Protocol::tcp).tcp_dport(80).drop()), "tcp dport 80 drop");
  EXPECT_EQ(shown(Rule{}.protocol(Protocol::tcp).saddr("10.0.0.1").tcp_dport(80)), "ip saddr 10.0.0.1 tcp dport 80");
  EXPECT_EQ(shown(Rule{}.family(AddressFamily::ipv4).tcp_dport(80).saddr("10.0.0.1")),
            "tcp dport 80 ip saddr 10.0.0.1");
}

TEST(RuleTest, AMatchThatACounterMakesADifferenceToIsShown) {
  EXPECT_EQ(shown(Rule{}.family(AddressFamily::ipv4).counter().saddr("10.0.0.1")),
            "meta nfproto ipv4 counter packets 0 bytes 0 ip saddr 10.0.0.1");
  EXPECT_EQ(shown(Rule{}.counter().reject(Reject::tcp_reset())),
            "meta l4proto tcp counter packets 0 bytes 0 reject with tcp reset");
}

TEST(RuleTest, TheFamilyOfItsOwnTableNeedsNoMatch) {
  EXPECT_EQ(shown(Rule{}.family(AddressFamily::ipv4).drop(), Family::ip), "drop");
  EXPECT_EQ(shown(Rule{}.reject(Reject::host_unreachable()), Family::ip6), "reject with icmpv6 addr-unreachable");
}

TEST(RuleTest, CountersAndHandlesDoNotMakeADifferentRule) {
  Rule listed = Rule{}.saddr("10.0.0.1").add(Counter{3, 252}).drop();
  listed.handle = 9;
  EXPECT_TRUE(same_rule(listed, Rule{}.saddr("10.0.0.1").counter().drop(), Family::inet));
  EXPECT_FALSE(same_rule(listed, Rule{}.saddr("10.0.0.1").counter().accept(), Family::inet));
  EXPECT_FALSE(same_rule(listed, Rule{}.saddr("10.0.0.1").counter().drop().comment("x"), Family::inet));
}

struct BadRule {
  Family family;
  Rule rule;
  std::string reason;
};
std::ostream& operator<<(std::ostream& out, const BadRule& bad) { return out << bad.rule; }

Rule repeated(int counters) {
  Rule rule;
  for (int i = 0; i < counters; ++i) rule.counter();
  return rule;
}

class BadRuleTest : public testing::TestWithParam<BadRule> {};

TEST_P(BadRuleTest, IsRefusedWithTheReason) {
  const auto read = canonical(GetParam().rule, GetParam().family);
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message(), HasSubstr(GetParam().reason));
}

INSTANTIATE_TEST_SUITE_P(
    Cases, BadRuleTest,
    testing::Values(
        BadRule{Family::ip, Rule{}.saddr("fd00::1").drop(), "an ip6 match in a table of family ip can never be true"},
        BadRule{Family::ip6, Rule{}.icmp_type(IcmpType::echo_request), "an ip match in a table of family ip6"},
        BadRule{Family::inet, Rule{}.saddr("fd00::1").daddr("10.0.0.1"),
                "an ip match in a rule that already wants ip6"},
        BadRule{Family::inet, Rule{}.tcp_dport(1).udp_dport(1), "a match on udp in a rule that already wants tcp"},
        BadRule{Family::inet, Rule{}.tcp_dport({90, 80}).drop(), "port range 90-80 is upside down"},
        BadRule{Family::inet, Rule{}.tcp_dport(1).redirect({90, 80}), "port range 90-80 is upside down"},
        BadRule{Family::inet, Rule{}.redirect(80), "needs a match on the protocol"},
        BadRule{Family::inet, Rule{}.tcp_dport(1).dnat_port(80), "name the address too"},
        BadRule{Family::inet, Rule{}.saddr("10.0.0.1").dnat("fd00::1"),
                "an ip packet cannot be translated to an ip6 address"},
        BadRule{Family::inet, Rule{}.jump(""), "name a chain"},
        BadRule{Family::inet, Rule{}.jump(std::string(256, 'x')), "must have 1 to 255 bytes"},
        BadRule{Family::inet, repeated(129), "it takes 129 expressions, and the kernel allows 128"},
        BadRule{Family::inet, Rule{}.comment("a \"quoted\" word"), "no quotation mark"},
        BadRule{Family::inet, Rule{}.comment(std::string(128, 'x')), "at most 127 bytes"},
        BadRule{Family::inet, Rule{}.ct_state(CtState{}), "ct state without a state"},
        BadRule{Family::arp, Rule{}.saddr("10.0.0.1"), "sees no IP packets"},
        BadRule{Family::inet, Rule{}.add(TcpFlagsMatch{TcpFlag{}}), "tcp flags without a flag"},
        BadRule{Family::inet, Rule{}.add(TcpFlagsMatch{TcpFlag::syn, TcpFlag::ack}), "syn are not among ack"},
        BadRule{Family::inet, Rule{}.udp_dport(1).add(TcpFlagsMatch{TcpFlag::syn}), "already wants udp"},
        BadRule{Family::inet, Rule{}.add(CtStatusMatch{CtStatus{}}), "ct status without a status"},
        BadRule{Family::inet, Rule{}.add(NumberMatch{.modulus = 3, .value = 3}), "a number modulo 3 is never 3"},
        BadRule{Family::inet, Rule{}.add(Limit{}), "a limit of no packets"},
        BadRule{Family::inet, Rule{}.add(Log{.snaplen = 100}), "are of a group: name one"},
        BadRule{Family::inet, Rule{}.add(Log{.group = 1, .flags = LogFlags::skuid}), "flags are for the kernel's log"},
        BadRule{Family::inet, Rule{}.add(Log{.prefix = "x", .level = Log::Level::audit}), "level audit tells neither"},
        BadRule{Family::inet, Rule{}.in(Field::tcp_dport, {}), "tcp dport needs the name of a set or elements"},
        BadRule{Family::inet, Rule{}.in(Field::ip_saddr, {"10.0.0.1", "fd00::1"}), "element fd00::1 is no ipv4_addr"},
        BadRule{Family::inet, Rule{}.in(Field::ip_saddr, {"10.0.0.1/24"}), "10.0.0.1/24"},
        BadRule{Family::inet, Rule{}.in(Field::tcp_dport, {"1-9", 5}), "elements 1-9 and 5 overlap"},
        BadRule{Family::inet, Rule{}.in(Field::tcp_dport, {PortRange{9, 1}}), "element 9-1 is upside down"},
        BadRule{Family::inet, Rule{}.vmap(Field::tcp_dport, {22}), "element 22 has no verdict"},
        BadRule{Family::ip6, Rule{}.in(Field::ip_saddr, "x"), "an ip match in a table of family ip6"},
        BadRule{Family::inet, Rule{}.tcp_dport(1).in(Field::udp_dport, "x"), "already wants tcp"},
        BadRule{Family::inet, Rule{}.add(Log{.prefix = "a \"quoted\" word"}), "no quotation mark"},
        BadRule{Family::ip,
                Rule{}.add(Translate{
                    Side::source, IpAddress::parse("10.0.0.9").value(), {}, IpAddress::parse("10.0.0.1").value()}),
                "an address range to 10.0.0.1 that does not begin below it"},
        BadRule{Family::inet, Rule{}.add(Unknown{"xt match \"conntrack\""}), "cannot be written back"},
        BadRule{Family::inet, Rule{}.saddr("10.0.0.300").drop(), "10.0.0.300"},
        BadRule{Family::inet, Rule{}.daddr("10.0.0.1/24").drop(), "10.0.0.1/24"},
        BadRule{Family::inet, Rule{}.iif("much-too-long-a-name").drop(), "much-too-long-a-name"},
        BadRule{Family::inet, Rule{}.oif("*").drop(), "interface"},
        BadRule{Family::inet, Rule{}.dnat("somewhere"), "somewhere"}));

TEST(RuleTest, TheFirstFaultIsKept) {
  const Rule rule = Rule{}.saddr("first").daddr("second");
  EXPECT_THAT(rule.fault.value_or(Error{}).message(), HasSubstr("first"));
}

TEST(RuleTest, KnowsWhetherItBlocks) {
  EXPECT_TRUE(Rule{}.drop().blocks());
  EXPECT_TRUE(Rule{}.counter().reject().blocks());
  EXPECT_TRUE(Rule{}.add(Unknown{"xt target \"REJECT\""}).blocks());
  EXPECT_FALSE(Rule{}.counter().accept().blocks());
  EXPECT_FALSE(Rule{}.jump("dropped").blocks());
}

TEST(RuleTest, KnowsWhatItCounted) {
  EXPECT_EQ(Rule{}.add(Counter{3, 252}).drop().count(), (Counter{3, 252}));
  EXPECT_EQ(Rule{}.drop().count(), std::nullopt);
}

TEST(RuleTest, PrintsToAStream) {
  std::ostringstream out;
  out << Rule{}.saddr("10.0.0.1").drop();
  EXPECT_EQ(out.str(), "ip saddr 10.0.0.1 drop");
}

}  // namespace
}  // namespace netrig::nft
