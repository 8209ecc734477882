// Questions from a source address and a source port that are given: what decides by them, and what cannot be sent from.
// A client with two addresses, a gateway, a server; both families.
#include <netrig/topology/explain.h>
#include <netrig/topology/lab.h>
#include <netrig/topology/test_topologies.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace netrig {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using traffic::icmp;
using traffic::tcp;
using traffic::udp;

namespace of_origins {  // the names are those of other tests of explain()

// Long: only what is not explained by evidence waits for it.
constexpr std::chrono::milliseconds kPatience = 30s;
constexpr Port kOdd{1023};

class ExplainOriginTest : public ::testing::TestWithParam<AddressFamily> {
 protected:
  void SetUp() override {
    client_.add_address("eth0", InterfaceAddress::parse(v4() ? "10.0.1.77/24" : "fd00:1::77/64").value());
  }
  [[nodiscard]] static bool v4() { return GetParam() == AddressFamily::ipv4; }
  static IpAddress address(const char* v4, const char* v6) {
    return IpAddress::parse(GetParam() == AddressFamily::ipv4 ? v4 : v6).value();
  }
  static IpAddress second() { return address("10.0.1.77", "fd00:1::77"); }
  static IpPrefix only(const IpAddress& address) {
    return IpPrefix::parse(address.to_string() + (address.is_v4() ? "/32" : "/128")).value();
  }
  static IpPrefix dmz() { return IpPrefix::parse(v4() ? "10.0.2.0/24" : "fd00:2::/64").value(); }
  static std::string saddr(const IpAddress& source) {
    return std::string{source.is_v4() ? "ip" : "ip6"} + " saddr " + source.to_string();
  }
  [[nodiscard]] IpAddress first() const { return client_.address(GetParam()); }
  [[nodiscard]] IpAddress to() const { return server_.address(GetParam()); }
  [[nodiscard]] Path asked(const traffic::Service& service, const Origin& origin = {}) const {
    return explain(client_, to(), service, {.patience = kPatience, .origin = origin});
  }
  void forward_rules(const std::string& rules, const std::string& policy = "accept") const {
    gw_.load_ruleset_text("table inet t { chain guard { type filter hook forward priority 0; policy " + policy + "; " +
                          rules + "; }; }");
  }
  [[nodiscard]] std::uint64_t packets(std::string_view comment) const {
    return gw_.rules().find_comment(comment)->count()->packets;
  }
  [[nodiscard]] std::string error_of(const traffic::Service& service, const Origin& origin) const {
    return test::error_of([&] { (void)asked(service, origin); });
  }

  const Lab lab_{test::behind_a_gateway()};
  const Node client_ = lab_["client"], gw_ = lab_["gw"], server_ = lab_["server"];
  const traffic::Listener web_ = server_.listen(tcp(80)), echo_ = server_.listen(udp(80));
};

std::string family_name(const ::testing::TestParamInfo<AddressFamily>& family) {
  return family.param == AddressFamily::ipv4 ? "IPv4" : "IPv6";
}
INSTANTIATE_TEST_SUITE_P(Families, ExplainOriginTest, ::testing::Values(AddressFamily::ipv4, AddressFamily::ipv6),
                         family_name);

TEST_P(ExplainOriginTest, ARuleForASourceAddressIsMetFromThatAddressAlone) {
  forward_rules(saddr(second()) + " counter drop comment \"second\"; " + saddr(first()) +
                " counter accept comment \"first\"");
  // What is dropped has no last segments that arrive later.
  for (const auto& service : {tcp(80), udp(80), icmp()}) {
    const auto before = packets("second");
    const auto path = asked(service, {.address = second()});
    EXPECT_EQ(path.verdict, Verdict::dropped) << path;
    ASSERT_TRUE(path.rule) << path;
    EXPECT_EQ(path.rule->rule.comment, "second");
    EXPECT_TRUE(path.proven && path.vouched) << path;
    EXPECT_GT(packets("second"), before);
    EXPECT_EQ(packets("first"), 0U);
  }
  const auto dropped = packets("second");
  for (const auto& service : {tcp(80), udp(80), icmp()}) {
    const auto free = asked(service, {.address = first()});
    EXPECT_EQ(free.verdict, Verdict::accepted) << free;
    EXPECT_THAT(to_string(free.there), HasSubstr("guard t rule 2 accept")) << free;
    EXPECT_EQ(packets("second"), dropped);
  }
}

TEST_P(ExplainOriginTest, ARuleForASourcePortIsMetFromThatPortAlone) {
  forward_rules("ct state established accept; th sport 1023 counter accept comment \"odd\"", "drop");
  for (const auto& service : {tcp(80), udp(80)}) {
    gw_.reset_counters();
    const auto kept_out = asked(service);
    EXPECT_EQ(kept_out.verdict, Verdict::dropped) << kept_out;
    EXPECT_TRUE(kept_out.rule && kept_out.rule->is_policy()) << kept_out;
    EXPECT_EQ(packets("odd"), 0U);
    const auto path = asked(service, {.port = kOdd});
    EXPECT_EQ(path.verdict, Verdict::accepted) << path;
    EXPECT_THAT(to_string(path.there), HasSubstr("rule 2 accept")) << path;
    EXPECT_EQ(packets("odd"), 1U);
  }
}

TEST_P(ExplainOriginTest, AddressAndPortAreGivenTogether) {
  forward_rules(saddr(second()) + " th sport 1023 counter drop comment \"both\"");
  for (const auto& service : {tcp(80), udp(80)}) {
    EXPECT_TRUE(asked(service, {.address = second()}).answered());
    EXPECT_TRUE(asked(service, {.address = first(), .port = kOdd}).answered());
    EXPECT_EQ(asked(service, {.address = second(), .port = kOdd}).rule.value().rule.comment, "both");
  }
}

// A connection that was closed in peace would keep its port for a minute.
TEST_P(ExplainOriginTest, TheSamePortIsAskedFromAgainAndAgain) {
  for (int times = 0; times < 3; ++times) {
    for (const auto& service : {tcp(80), udp(80), tcp(81)}) {
      const auto path = asked(service, {.address = second(), .port = kOdd});
      EXPECT_EQ(path.verdict, service == tcp(81) ? Verdict::no_listener : Verdict::accepted) << path;
      EXPECT_EQ(path.there.size(), 3U) << path;
    }
  }
}

TEST_P(ExplainOriginTest, WhatIsLostIsAskedAgainFromTheSamePlace) {
  gw_.set_forwarding(GetParam(), false);
  for (const auto& service : {tcp(80), udp(80), icmp()}) {
    const auto path = asked(service, {.address = second(), .port = service.is_icmp() ? Port{} : kOdd});
    EXPECT_EQ(path.verdict, Verdict::not_forwarded) << path;
    EXPECT_THAT(path.state, Contains(HasSubstr(v4() ? "probe: IpInAddrErrors +" : "probe: Ip6InAddrErrors +"))) << path;
  }
}

// Such a route is chosen for a source that is known before: of IPv6, for none that the kernel chooses.
TEST_P(ExplainOriginTest, ARoutingRuleOfTheSendersOwnForTheSourceIsBlamed) {
  client_.add_rule({.family = GetParam(), .from = only(second()), .table = 100});
  client_.add_route({.destination = dmz(), .type = netlink::RouteType::unreachable, .table = 100});
  EXPECT_TRUE(asked(tcp(80), {.address = first()}).answered());
  const auto path = asked(tcp(80), {.address = second()});
  EXPECT_EQ(path.verdict, Verdict::no_route) << path;
  EXPECT_EQ(path.node, "client");
  EXPECT_THAT(path.reason, HasSubstr("from " + second().to_string())) << path;
}

TEST_P(ExplainOriginTest, TheWayBackLeadsToThatAddress) {
  gw_.add_route({.destination = only(second()), .type = netlink::RouteType::blackhole});
  EXPECT_TRUE(asked(tcp(80), {.address = first()}).answered());
  for (const auto& service : {tcp(80), icmp()}) {
    const auto path = asked(service, {.address = second()});
    EXPECT_EQ(path.verdict, Verdict::no_route) << path;
    EXPECT_THAT(path.reason, AllOf(StartsWith("on the way back: the route of \"gw\" to " + second().to_string()),
                                   HasSubstr("blackhole")))
        << path;
  }
}

TEST_P(ExplainOriginTest, WhatCannotBeSentFromIsAnErrorThatNamesTheRemedy) {
  const auto own = "give one of its own: " + first().to_string() + ", " + second().to_string();
  for (const auto& service : {tcp(80), udp(80), icmp()}) {
    const auto what = "ask " + to().to_string() + " for " + service.to_string() + " from ";
    EXPECT_EQ(error_of(service, {.address = to()}),
              fmt::format("{}{} in \"client\": the sender has no such address: {}", what, to().to_string(), own));
    const auto other = client_.address(v4() ? AddressFamily::ipv6 : AddressFamily::ipv4);
    EXPECT_EQ(
        error_of(service, {.address = other}),
        fmt::format("{}{} in \"client\": the source is of the other address family: {}", what, other.to_string(), own));
    for (const auto& none : {address("0.0.0.0", "::"), address("10.0.1.255", "ff02::1")})
      EXPECT_THAT(error_of(service, {.address = none}), HasSubstr("the sender has no such address: " + own));
  }
  EXPECT_EQ(error_of(icmp(), {.port = kOdd}), "ask " + to().to_string() +
                                                  " for icmp from port 1023 in \"client\": ICMP echo is sent from no "
                                                  "port: leave port 1023 out");
}

TEST_P(ExplainOriginTest, APortThatAnotherHasIsAnError) {
  const auto tcp_user = client_.listen(tcp(kOdd.value())), udp_user = client_.listen(udp(kOdd.value()));
  for (const auto& service : {tcp(80), udp(80)}) {
    EXPECT_THAT(error_of(service, {.address = second(), .port = kOdd}),
                AllOf(StartsWith("send from " + traffic::Endpoint{second(), kOdd}.to_string() +
                                 " in \"client\": EADDRINUSE (Address already in use): another socket"),
                      HasSubstr("name another one, or none")));
  }
}

TEST_P(ExplainOriginTest, ALinkLocalSourceIsRefused) {
  const auto own = IpAddress::parse("fe80::1").value();
  const auto error = error_of(tcp(80), {.address = own});
  EXPECT_THAT(error, HasSubstr(v4() ? "of the other address family" : "reaches nobody behind it: give one of"));
}

// Only that source is refused: what is asked again from another one is counted by nobody.
TEST(ReversePathOfAnOrigin, IsProvenByTheCountOfTheSameSource) {
  const Lab lab{test::behind_a_gateway()};
  const auto client = lab["client"], gw = lab["gw"];
  const auto web = lab["server"].listen(tcp(80));
  const auto stray = IpAddress::parse("10.9.9.9").value(), to = lab["server"].address(AddressFamily::ipv4);
  ASSERT_TRUE(explain(client, to, tcp(80), {.patience = kPatience}).answered());  // ARP obeys the filter too
  client.add_address("eth0", InterfaceAddress::parse("10.9.9.9/32").value());
  gw.set_sysctl("net.ipv4.conf.all.rp_filter", "2");
  for (const Port port : {Port{}, kOdd}) {
    const auto path = explain(client, to, tcp(80), {.patience = kPatience, .origin = {.address = stray, .port = port}});
    EXPECT_EQ(path.verdict, Verdict::reverse_path) << path;
    EXPECT_THAT(path.reason, StartsWith("\"gw\" refuses the source 10.9.9.9 on eth0")) << path;
    EXPECT_TRUE(path.proven) << path;
  }
  EXPECT_TRUE(explain(client, to, tcp(80), {.patience = kPatience}).answered());
}

TEST(Origin, SaysWhatIsGiven) {
  const auto address = IpAddress::parse("10.0.1.3").value();
  EXPECT_EQ(Origin{}.to_string(), "");
  EXPECT_EQ(Origin{.address = address}.to_string(), " from 10.0.1.3");
  EXPECT_EQ(Origin{.port = kOdd}.to_string(), " from port 1023");
  EXPECT_EQ((Origin{.address = address, .port = kOdd}).to_string(), " from 10.0.1.3 port 1023");
}

}  // namespace of_origins
}  // namespace
}  // namespace netrig
