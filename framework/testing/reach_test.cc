// Closed ports behind port forwardings, and what the matchers of reachability say when they are negated.
#include <netrig/base/unique_fd.h>
#include <netrig/netlink/neighbour.h>
#include <netrig/testing/reach.h>
#include <netrig/topology/lab.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <netinet/in.h>
#include <sstream>
#include <string>
#include <sys/socket.h>

namespace netrig {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

class ReachTest : public ::testing::TestWithParam<AddressFamily> {
 protected:
  static Topology topology() {
    Topology plan;
    const auto client = plan.host("client");
    const auto gw = plan.router("gw");
    plan.segment("wan", "203.0.113.0/24, 2001:db8:1::/64").join(client, gw);
    plan.segment("dmz", "10.2.0.0/24, fd00:2::/64").join(gw, plan.host("server"));
    return plan;
  }

  [[nodiscard]] bool v4() const { return GetParam() == AddressFamily::ipv4; }
  [[nodiscard]] IpAddress published() const { return gw_.address("wan", GetParam()); }
  [[nodiscard]] std::string server_at(int port) const {
    const auto address = server_.address(GetParam()).to_string();
    return (v4() ? address : "[" + address + "]") + ":" + std::to_string(port);
  }
  // On the gateway: what comes to `ports` goes to the server.
  void forward_ports(const std::string& ports, const std::string& to) const {
    gw_.load_ruleset_text("flush ruleset; table " + std::string{v4() ? "ip" : "ip6"} +
                          " nat { chain pre { type nat hook prerouting priority dstnat; meta l4proto { tcp, udp } th "
                          "dport " +
                          ports + " dnat to " + to + "; }; }");
  }
  void forward_rule(const std::string& rule) const {
    gw_.load_ruleset_text("table inet guard { chain f { type filter hook forward priority 0; " + rule + "; }; }");
  }
  [[nodiscard]] std::string told(bool matches, const ::testing::Matcher<const Node&>& matcher) const {
    ::testing::StringMatchResultListener listener;
    EXPECT_EQ(matcher.MatchAndExplain(client_, &listener), matches) << listener.str();
    return listener.str();
  }
  static std::string description_of(const ::testing::Matcher<const Node&>& matcher) {
    std::ostringstream text;
    matcher.DescribeTo(&text);
    return text.str();
  }

  const Lab lab_{topology()};
  const Node client_ = lab_["client"], gw_ = lab_["gw"], server_ = lab_["server"];
};
INSTANTIATE_TEST_SUITE_P(Families, ReachTest, ::testing::Values(AddressFamily::ipv4, AddressFamily::ipv6),
                         [](const auto& family) { return family.param == AddressFamily::ipv4 ? "IPv4" : "IPv6"; });

TEST_P(ReachTest, AClosedPortBehindAForwardingIsNoClosedFirewall) {
  forward_ports("8080", server_at(80));
  for (const auto& service : {tcp(8080), udp(8080)}) {
    EXPECT_THAT(
        told(false, CannotReach(published(), service)),
        AllOf(Not(HasSubstr("nothing listens")), HasSubstr("dnat to " + server_at(80)), HasSubstr("delivered")));
    EXPECT_THAT(client_, CannotReach(published(), service, Because(Verdict::no_listener).at(server_)));
    EXPECT_THAT(told(true, CannotReach(published(), service, Verdict::no_listener)),
                HasSubstr("nothing listens on " + service.with_port(Port{80}).to_string() + " (asked for as " +
                          service.to_string() + ") at \"server\" (refused)"));
  }
  forward_rule("meta l4proto { tcp, udp } th dport 80 drop comment \"no web\"");
  for (const auto& service : {tcp(8080), udp(8080)})
    EXPECT_THAT(client_, CannotReach(published(), service, Because(Verdict::dropped).by("no web")));
  EXPECT_EQ(gw_.probe(server_.address(GetParam()), tcp(80)).kind,
            traffic::ProbeOutcome::Kind::refused);  // nobody stayed
}

TEST_P(ReachTest, EachPlaceThatAForwardingLeadsToIsListenedAt) {
  forward_ports("8080", server_.address(GetParam()).to_string() + " : numgen inc mod 3 map { 0 : 81, 1 : 82, 2 : 83 }");
  EXPECT_THAT(told(false, CannotReach(published(), tcp(8080))), HasSubstr("connected to"));
}

TEST_P(ReachTest, WhereNobodyCanBeBroughtAClosedPortProvesNothing) {
  forward_ports("8080", server_at(80));
  const auto taken = server_.run([] {  // the port is bound, and nobody listens
    UniqueFd fd{::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in6 any{};
    any.sin6_family = AF_INET6;
    any.sin6_port = htons(80);
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any), 0);
    return fd;
  });
  EXPECT_THAT(
      told(false, CannotReach(published(), tcp(8080))),
      HasSubstr("came through to a closed port, which proves nothing of what lies before it: nothing listens on "
                "tcp/80 (asked for as tcp/8080) at \"server\""));
}

TEST_P(ReachTest, SomebodyWhoKeepsSilentIsNoClosedFirewall) {
  const auto daemon = server_.run([] {
    UniqueFd fd{::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    sockaddr_in6 any{};
    any.sin6_family = AF_INET6;
    any.sin6_port = htons(53);
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any), 0);
    return fd;
  });
  EXPECT_THAT(told(false, CannotReach(server_.address(GetParam()), udp(53))),
              HasSubstr("came through to somebody who keeps silent"));
  EXPECT_THAT(client_, CannotReach(server_.address(GetParam()), udp(53), Because(Verdict::ignored).at(server_)));
}

TEST_P(ReachTest, ListensWhereTheReasonSaysThatAForwardingLeads) {
  forward_ports("8080", server_at(80));
  const auto accepted = Because(Verdict::accepted);
  EXPECT_THAT(client_, CanReach(published(), tcp(8080), accepted.translated_to(server_at(80))));
  EXPECT_THAT(client_, CanReach(published(), udp(8080), accepted.translated_to(server_at(80))));
  // a place that nobody named may be the wrong one
  EXPECT_THAT(told(false, CanReach(published(), tcp(8080))),
              HasSubstr("nothing listens on tcp/80 (asked for as tcp/8080)"));
  EXPECT_THAT(told(false, CanReach(published(), tcp(8080), accepted)), HasSubstr("nothing listens"));
  EXPECT_THAT(told(false, CanReach(published(), tcp(8080), accepted.translated_to(server_at(81)))),
              HasSubstr("nothing listens"));
  gw_.flush_rules();
  EXPECT_THAT(told(false, CanReach(published(), tcp(8080), accepted.translated_to(server_at(80)))),
              HasSubstr("nothing listens on tcp/8080 at \"gw\" (refused)"));
}

TEST_P(ReachTest, NegationsSayWhatIsAndWhatShouldBe) {
  const auto to = server_.address(GetParam());
  const auto web = server_.listen(tcp(80));
  const auto name = to.to_string();
  EXPECT_EQ(description_of(Not(CanReach(to, tcp(80)))), "cannot reach " + name + " on tcp/80");
  EXPECT_EQ(description_of(Not(CanReach(to, tcp(80), Because(Verdict::accepted).by("web")))),
            "cannot reach " + name + " on tcp/80, or not because: accepted by the rule \"web\"");
  EXPECT_EQ(description_of(Not(CanReach(server_, tcp(80)))),
            "cannot reach \"server\" (10.2.0.2, fd00:2::2) on tcp/80, at one of them at least");
  EXPECT_EQ(description_of(Not(CannotReach(to, tcp(80), Verdict::dropped))),
            "can reach " + name + " on tcp/80, or nothing proves that it cannot, or not because: dropped");

  EXPECT_THAT(told(false, Not(CanReach(to, tcp(80)))),
              ::testing::MatchesRegex("connected to .* ms\n     path: client eth0 -> gw eth0 -> gw eth1 -> server eth0 "
                                      "-> delivered\n     back: server eth0 (.|\n)*\n    again: .*"));
  EXPECT_THAT(client_, Not(CannotReach(to, tcp(80))));
  forward_rule("tcp dport 80 drop comment \"no web\"");
  EXPECT_THAT(client_, Not(CanReach(to, tcp(80))));
  EXPECT_THAT(
      told(false, Not(CannotReach(to, tcp(80)))),
      AllOf(HasSubstr("dropped at \"gw\": table inet guard, chain f, rule 1"), HasSubstr("\n     path: client")));
}

TEST_P(ReachTest, FromAnOriginThatIsGiven) {
  const auto second = IpAddress::parse(v4() ? "203.0.113.77" : "2001:db8:1::77").value();
  const auto first = client_.address(GetParam());
  client_.add_address("eth0", InterfaceAddress::parse(second.to_string() + (v4() ? "/24" : "/64")).value());
  forward_rule((v4() ? "ip saddr " : "ip6 saddr ") + second.to_string() +
               " th sport != 1023 drop comment \"not from there\"");
  const auto web = server_.listen(tcp(80)), echo = server_.listen(udp(80));
  for (const auto& service : {tcp(80), udp(80)}) {
    EXPECT_THAT(client_, CanReach(server_, service, {}, {.address = first}));
    EXPECT_THAT(client_, CanReach(server_, service, {}, {.port = Port{1023}}));
    EXPECT_THAT(client_, CanReach(server_, service, Verdict::accepted, {.address = second, .port = Port{1023}}));
    EXPECT_THAT(client_, CannotReach(server_, service, Because(Verdict::dropped).by("not from there").at(gw_),
                                     {.address = second}));
    EXPECT_THAT(told(false, CanReach(server_, service, {}, {.address = second})), HasSubstr("not from there"));
  }
  EXPECT_EQ(
      description_of(CanReach(server_.address(GetParam()), tcp(80), {}, {.address = second, .port = Port{1023}})),
      "can reach " + server_.address(GetParam()).to_string() + " on tcp/80 from " + second.to_string() + " port 1023");
  EXPECT_THROW((void)told(false, CanReach(server_, tcp(80), {}, {.address = gw_.address("wan", GetParam())})),
               SetupError);
}

// On the client's own link, and behind the gateway. Taken by the server it is no missing neighbour any more.
TEST_P(ReachTest, AnAddressThatNobodyHasIsNoNeighbourOfTheNodeBeforeIt) {
  const auto near = IpAddress::parse(v4() ? "203.0.113.77" : "2001:db8:1::77").value();
  const auto far = IpAddress::parse(v4() ? "10.2.0.77" : "fd00:2::77").value();
  const auto missing = Because(Verdict::no_neighbour);
  const auto said = [&](const IpAddress& address, const std::string& where) {
    return "no neighbour: " + address.to_string() + " did not answer " + (v4() ? "ARP" : "neighbour discovery") +
           " on " + where;
  };
  EXPECT_THAT(client_, CannotReach(near, icmp(), missing.at(client_)));
  EXPECT_THAT(told(false, CanReach(near, tcp(80))), HasSubstr(said(near, "\"client\" eth0")));
  for (const auto& service : {tcp(80), udp(80), icmp()})
    EXPECT_THAT(client_, CannotReach(far, service, missing.at(gw_)));
  for (const auto& reason : {missing.at(client_), Because(Verdict::dropped)})
    EXPECT_THAT(told(false, CannotReach(far, udp(80), reason)), HasSubstr(said(far, "\"gw\" eth1")));
  server_.add_address("eth0", InterfaceAddress::parse(far.to_string() + (v4() ? "/24" : "/64")).value());
  // It may be asking for the address still, for the last time: what is sent to it meanwhile gets lost with that.
  value_or_throw(gw_.netlink([](auto& socket) { return netlink::flush_neighbours(socket); }));
  EXPECT_THAT(client_, CanReach(far, icmp()));
  EXPECT_THAT(told(false, CannotReach(far, icmp(), missing)), Not(HasSubstr("no neighbour")));
}

}  // namespace
}  // namespace netrig
