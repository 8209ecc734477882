// Reachability with the reason for it, and what a wrong reason shows.
#include <netrig/testing/reach.h>
#include <netrig/topology/lab.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>

namespace netrig {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class BecauseTest : public ::testing::Test {
 protected:
  static Topology topology() {
    Topology office;
    const auto guest = office.host("guest"), printer = office.host("printer");
    const auto gw = office.router("gw");
    office.segment("guests", "10.0.1.0/24, fd00:1::/64").join(guest, gw);
    office.segment("lan", "10.0.2.0/24, fd00:2::/64").join(gw, printer);
    return office;
  }
  // Rules of the gateway's forward chain.
  void forward(const std::string& rules) const {
    gw_.load_ruleset_text("flush ruleset; table inet t { chain guard { type filter hook forward priority 0; " + rules +
                          " }; }");
  }
  std::string failure_of(const ::testing::Matcher<const Node&>& matcher) const {
    ::testing::StringMatchResultListener listener;
    EXPECT_FALSE(matcher.MatchAndExplain(guest_, &listener));
    return listener.str();
  }

  const Lab lab_{topology()};
  const Node guest_ = lab_["guest"], gw_ = lab_["gw"], printer_ = lab_["printer"];
};

TEST_F(BecauseTest, ADropNamesItsRuleAndNode) {
  forward("tcp dport 631 drop comment \"guests stay out\";");
  EXPECT_THAT(guest_, CannotReach(printer_, tcp(631), Because(Verdict::dropped).by("guests stay out").at(gw_)));
  EXPECT_THAT(failure_of(CannotReach(printer_, tcp(631), Because(Verdict::dropped).by("another"))),
              HasSubstr("not by the rule \"another\": dropped at \"gw\": table inet t, chain guard, rule 1"));
  EXPECT_THAT(failure_of(CannotReach(printer_, tcp(631), Because(Verdict::dropped).at(printer_))),
              HasSubstr("at \"gw\", not at \"printer\": dropped"));
  EXPECT_THAT(failure_of(CannotReach(printer_, tcp(631), Because(Verdict::dropped).by_policy())),
              HasSubstr("not by a policy: dropped"));
}

TEST_F(BecauseTest, APolicyIsNoRule) {
  forward("policy drop; ");
  EXPECT_THAT(guest_, CannotReach(printer_, icmp(), Because(Verdict::dropped).by_policy().at(gw_)));
  EXPECT_THAT(failure_of(CannotReach(printer_, icmp(), Because(Verdict::dropped).by("x"))),
              HasSubstr("not by the rule"));
}

TEST_F(BecauseTest, ARejectionSaysHow) {
  struct Case {
    const char* rule;
    const char* v4;
    const char* v6;
  };
  for (const auto& [rule, v4, v6] : {Case{"reject with tcp reset", "tcp reset", "tcp reset"},
                                     Case{"reject with icmpx admin-prohibited", "admin-prohibited", "admin-prohibited"},
                                     Case{"reject with icmpx port-unreachable", "port-unreachable", "port-unreachable"},
                                     Case{"reject with icmpx host-unreachable", "host-unreachable", "addr-unreachable"},
                                     Case{"reject with icmpx no-route", "net-unreachable", "no-route"}}) {
    forward(std::string{"meta l4proto tcp "} + rule + ";");
    const auto reason = Because(Verdict::rejected);
    EXPECT_THAT(guest_, CannotReach(printer_.address(), tcp(631), reason.with(v4)));
    EXPECT_THAT(guest_, CannotReach(printer_.address(AddressFamily::ipv6), tcp(631), reason.with(v6)));
  }
  EXPECT_THAT(failure_of(CannotReach(printer_.address(), tcp(631), Because(Verdict::rejected).with("tcp reset"))),
              HasSubstr("answered with net-unreachable, not tcp reset: rejected at \"gw\""));
}

TEST_F(BecauseTest, AClosedPortIsNotTakenForAClosedFirewall) {
  EXPECT_THAT(failure_of(CannotReach(printer_, tcp(631))), HasSubstr("connected to 10.0.2.2:631"));
  EXPECT_THAT(failure_of(CannotReach(printer_.address(AddressFamily::ipv6), udp(53))),
              HasSubstr("answered by [fd00:2::2]:53"));
  EXPECT_THAT(guest_, CannotReach(printer_, tcp(631), Because(Verdict::no_listener).at(printer_)));
  EXPECT_THAT(failure_of(CannotReach(printer_, tcp(631), Because(Verdict::dropped))),
              HasSubstr("connected to 10.0.2.2:631"));
  forward("tcp dport 631 drop;");
  EXPECT_THAT(failure_of(CannotReach(printer_, tcp(631), Because(Verdict::no_listener))),
              HasSubstr("dropped, not no listener: dropped at \"gw\""));
}

TEST_F(BecauseTest, SilenceThatNothingExplainsIsNoFirewall) {
  gw_.add_neighbour({.device = {.name = InterfaceName{"eth1"}},
                     .address = printer_.address(),
                     .mac = MacAddress::parse("02:00:00:00:99:99").value()});  // nobody's
  EXPECT_THAT(failure_of(CannotReach(printer_.address(), icmp())), HasSubstr("nothing proves that: lost after \"gw\""));
  EXPECT_THAT(guest_, CannotReach(printer_.address(), icmp(), Verdict::unknown));
}

TEST_F(BecauseTest, MissingRoutesAndForwardingAreReasonsToo) {
  gw_.set_forwarding(false);
  EXPECT_THAT(guest_, CannotReach(printer_, icmp(), Because(Verdict::not_forwarded)));
  EXPECT_THAT(guest_, CannotReach(printer_, icmp(), Verdict::not_forwarded));
  EXPECT_THAT(printer_,
              CannotReach(IpAddress::parse("198.51.100.7").value(), tcp(80), Because(Verdict::not_forwarded).at(gw_)));
}

TEST_F(BecauseTest, ATranslationIsNamed) {
  const auto web = printer_.listen(tcp(80));
  gw_.load_ruleset_text(
      "table ip t { chain pre { type nat hook prerouting priority dstnat; tcp dport 8080 dnat to 10.0.2.2:80; }; }");
  const auto published = gw_.address("guests");
  EXPECT_THAT(guest_, CanReach(published, tcp(8080), Because(Verdict::accepted).translated_to("10.0.2.2:80")));
  EXPECT_THAT(guest_, CanReach(published, tcp(8080), Because(Verdict::accepted).translated_to("10.0.2.2")));
  EXPECT_THAT(failure_of(CanReach(published, tcp(8080), Because(Verdict::accepted).translated_to("10.0.2.3"))),
              HasSubstr("translated: dnat to 10.0.2.2:80; not to 10.0.2.3: connected to 10.0.1.1:8080"));
}

TEST_F(BecauseTest, AnAcceptanceNamesItsRuleAndNode) {
  const auto web = printer_.listen(tcp(631));
  forward(
      "policy drop; ct state established accept; tcp dport 631 accept comment \"printing\"; meta l4proto { icmp, "
      "ipv6-icmp } accept;");
  const auto accepted = Because(Verdict::accepted);
  EXPECT_THAT(guest_, CanReach(printer_, tcp(631), accepted.by("printing").at(gw_)));
  EXPECT_THAT(guest_, CanReach(printer_, tcp(631), accepted.by("printing")));
  EXPECT_THAT(guest_, CanReach(printer_, tcp(631), accepted.at(gw_)));
  for (const auto& to : {printer_.address(), printer_.address(AddressFamily::ipv6)}) {
    EXPECT_THAT(
        failure_of(CanReach(to, tcp(631), accepted.by("scanning").at(gw_))),
        ::testing::MatchesRegex("accepted by at \"gw\" table inet t, chain guard, rule 2 .handle [0-9]+. "
                                "\"printing\": tcp dport 631 accept; not by the rule \"scanning\" at \"gw\": "
                                "connected to (.|\n)*path: guest eth0 -> gw eth0 -> guard t rule 2 accept(.|\n)*"));
    EXPECT_THAT(failure_of(CanReach(to, tcp(631), accepted.by("printing").at(printer_))),
                HasSubstr("; not by the rule \"printing\" at \"printer\": connected to"));
    EXPECT_THAT(failure_of(CanReach(to, tcp(631), accepted.at(printer_))), HasSubstr("; not at \"printer\": "));
    EXPECT_THAT(failure_of(CanReach(to, tcp(631), accepted.by_policy())), HasSubstr("; not by a policy: "));
  }
  gw_.flush_rules();
  EXPECT_THAT(failure_of(CanReach(printer_, tcp(631), accepted.at(gw_))),
              HasSubstr("accepted by nothing; not at \"gw\": connected to"));
  forward("policy accept; tcp dport 22 accept comment \"printing\";");
  EXPECT_THAT(guest_, CanReach(printer_, tcp(631), accepted.by_policy().at(gw_)));
  EXPECT_THAT(
      failure_of(CanReach(printer_, tcp(631), accepted.by("printing"))),
      HasSubstr("accepted by at \"gw\" table inet t, chain guard: policy accept; not by the rule \"printing\""));
}

TEST_F(BecauseTest, AFailureShowsRulePathAndWhatWasExpected) {
  forward("ip saddr 10.0.1.0/24 drop comment \"guests stay out\";");
  const auto web = printer_.listen(tcp(631));
  const auto reach = CanReach(printer_.address(), tcp(631), Because(Verdict::accepted));
  std::ostringstream expected;
  reach.DescribeTo(&expected);
  EXPECT_EQ(expected.str(), "can reach 10.0.2.2 on tcp/631, because: accepted");
  EXPECT_THAT(failure_of(reach),
              ::testing::MatchesRegex("dropped at \"gw\": table inet t, chain guard, rule 1 .handle 2. \"guests stay "
                                      "out\": ip saddr 10.0.1.0/24 drop\n"
                                      "    probe: no answer from 10.0.2.2 on tcp/631; decided after [0-9.]+ ms\n"
                                      "     path: guest eth0 -> gw eth0 -> guard t rule 1 drop\n"
                                      "    again: .*"));
}

TEST(Because, APrefixOfAnAddressIsAnotherAddress) {
  const auto holds = [](const std::string& translation, const std::string& endpoint) {
    const Path path{.verdict = Verdict::accepted, .there = {{.node = "gw", .steps = {{.translation = translation}}}}};
    return !Because(Verdict::accepted).translated_to(endpoint).contradiction(path);
  };
  EXPECT_FALSE(holds("snat to 2001:db8:1::2:5", "2001:db8:1::2"));
  EXPECT_TRUE(holds("snat to 2001:db8:1::2", "2001:db8:1::2"));
  EXPECT_TRUE(holds("snat to [2001:db8:1::2]:5", "2001:db8:1::2"));
  EXPECT_TRUE(holds("snat to 203.0.113.1:40312", "203.0.113.1"));
  EXPECT_FALSE(holds("snat to 203.0.113.1:40312", "203.0.113.1:4031"));
}

TEST(Because, PrintsWhatItExpects) {
  EXPECT_EQ(Because(Verdict::no_route).to_string(), "no route");
  EXPECT_EQ(Because(Verdict::dropped).by("no web").to_string(), "dropped by the rule \"no web\"");
  EXPECT_EQ(Because(Verdict::rejected).with("tcp reset").to_string(), "rejected with tcp reset");
  EXPECT_EQ(Because(Verdict::accepted).translated_to("10.2.0.2:80").to_string(), "accepted, translated to 10.2.0.2:80");
}

}  // namespace
}  // namespace netrig
