// Probes against listeners on loopback, in the sandbox's own network.
#include <netrig/traffic/connect.h>
#include <netrig/traffic/listener.h>
#include <netrig/traffic/ping.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace netrig::traffic {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

ProbeOutcome probe(const ProbeSpec& spec) {
  auto opened = Probe::open(spec);
  if (!opened) throw SetupError{opened.error()};
  return opened->run(Deadline::after(5s));
}

class Probes : public ::testing::TestWithParam<AddressFamily> {
 protected:
  IpAddress self() const { return IpAddress::loopback(GetParam()); }
};
INSTANTIATE_TEST_SUITE_P(BothFamilies, Probes, ::testing::Values(AddressFamily::ipv4, AddressFamily::ipv6),
                         [](const auto& family) { return family.param == AddressFamily::ipv4 ? "IPv4" : "IPv6"; });

TEST_P(Probes, ConnectToAListenerThatRemembersThem) {
  auto web = Listener::open(tcp(0));
  ASSERT_TRUE(web) << web.error();
  const auto outcome = probe({.service = web->service(), .destination = self()});
  EXPECT_TRUE(outcome.answered()) << outcome;
  ASSERT_TRUE(web->wait_for_peer(Deadline::after(5s)));
  EXPECT_EQ(web->last_peer(), outcome.local);
}

TEST_P(Probes, GetTheirDatagramBack) {
  auto echo = Listener::open(udp(0));
  ASSERT_TRUE(echo) << echo.error();
  EXPECT_TRUE(probe({.service = echo->service(), .destination = self()}).answered());
}

TEST_P(Probes, AreRefusedWhereNothingListens) {
  for (const auto& service : {tcp(9), udp(9)}) {
    const auto outcome = probe({.service = service, .destination = self()});
    EXPECT_EQ(outcome.kind, ProbeOutcome::Kind::refused) << outcome;
    EXPECT_EQ(outcome.error, ECONNREFUSED);
    EXPECT_THAT(outcome.to_string(), HasSubstr("refused by"));
  }
}

TEST_P(Probes, TellTheirPortBeforeTheySendAndWaitInSteps) {
  auto web = Listener::open(tcp(0));
  ASSERT_TRUE(web) << web.error();
  for (const auto& source : {std::optional<IpAddress>{}, std::optional{self()}}) {
    auto stepped = Probe::open({.service = web->service(), .destination = self(), .source = source});
    ASSERT_TRUE(stepped) << stepped.error();
    const auto port = stepped->claim_port();
    ASSERT_TRUE(port) << port.error();
    auto outcome = stepped->run(Deadline::after(0s));
    while (!outcome.answered()) outcome = stepped->run(Deadline::after(5s));
    EXPECT_EQ(outcome.local, (Endpoint{self(), *port}));
  }
}

TEST_P(Probes, SayWhenTheOwnKernelHasNoRoute) {
  const auto nowhere = IpAddress::parse(GetParam() == AddressFamily::ipv4 ? "192.0.2.1" : "2001:db8::1").value();
  const auto outcome = probe({.service = tcp(80), .destination = nowhere});
  EXPECT_EQ(outcome.kind, ProbeOutcome::Kind::rejected) << outcome;
  EXPECT_EQ(outcome.error, ENETUNREACH);
}

TEST_P(Probes, StopAtTheDeadlineWhenNobodyAnswers) {
  // A socket that is bound and never read from: datagrams arrive, nothing comes back.
  auto silent =
      Probe::open({.service = udp(40009), .destination = self(), .source = self(), .source_port = Port{40009}});
  ASSERT_TRUE(silent) << silent.error();
  auto opened = Probe::open({.service = udp(40009), .destination = self()});
  ASSERT_TRUE(opened);
  const auto outcome = opened->run(Deadline::after(20ms));
  EXPECT_EQ(outcome.kind, ProbeOutcome::Kind::silent) << outcome;
}

TEST_P(Probes, RefuseASourceOfTheOtherFamily) {
  const auto other = GetParam() == AddressFamily::ipv4 ? AddressFamily::ipv6 : AddressFamily::ipv4;
  const auto opened = Probe::open({.service = tcp(80), .destination = self(), .source = IpAddress::loopback(other)});
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message(), HasSubstr("other address family"));
}

TEST_P(Probes, RefuseASourceThatIsNobodys) {
  const auto foreign = IpAddress::parse(GetParam() == AddressFamily::ipv4 ? "192.0.2.7" : "2001:db8::7").value();
  const auto opened = Probe::open({.service = tcp(80), .destination = self(), .source = foreign});
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message(), HasSubstr("no interface of the sender has that address"));
}

TEST_P(Probes, PingTheLoopback) {
  auto pinger = Pinger::open({.destination = self(), .count = 5, .size = 0});
  ASSERT_TRUE(pinger) << pinger.error();
  const auto report = pinger->run(Deadline::after(10s));
  ASSERT_TRUE(report) << report.error();
  EXPECT_TRUE(report->complete()) << *report;
  EXPECT_EQ(report->replies.size(), 5U);
  EXPECT_EQ(report->replies[0].ttl, 64);
  EXPECT_THAT(report->to_string(), HasSubstr("5 packets transmitted, 5 received, 0% packet loss"));
}

TEST_P(Probes, PingWithTheGreatestPayload) {
  const std::size_t most = GetParam() == AddressFamily::ipv4 ? 65507 : 65527;
  auto pinger = Pinger::open({.destination = self(), .count = 1, .size = most});
  ASSERT_TRUE(pinger) << pinger.error();
  const auto report = pinger->run(Deadline::after(10s));
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->complete()) << *report;
  const auto more = Pinger::open({.destination = self(), .size = most + 1});
  ASSERT_FALSE(more);
  EXPECT_THAT(more.error().message(), HasSubstr("more than"));
}

TEST_P(Probes, PingSaysWhyNothingWasSent) {
  const auto nowhere = IpAddress::parse(GetParam() == AddressFamily::ipv4 ? "192.0.2.1" : "2001:db8::1").value();
  auto pinger = Pinger::open({.destination = nowhere, .count = 2});
  ASSERT_TRUE(pinger);
  const auto report = pinger->run(Deadline::after(10s));
  ASSERT_TRUE(report);
  ASSERT_EQ(report->errors.size(), 2U) << *report;
  EXPECT_EQ(report->errors[0].local_error, ENETUNREACH);
  EXPECT_EQ(report->loss(), 1.0);
}

TEST_P(Probes, PingWithoutACountIsAnError) {
  const auto pinger = Pinger::open({.destination = self(), .count = 0});
  ASSERT_FALSE(pinger);
  EXPECT_THAT(pinger.error().message(), HasSubstr("count 0"));
}

TEST(Listener, SaysThatAPortIsTaken) {
  auto first = Listener::open(tcp(0));
  ASSERT_TRUE(first);
  const auto second = Listener::open(first->service());
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message(), HasSubstr("somebody listens there already"));
}

TEST(Listener, FreesItsPortWhenItGoes) {
  Service service;
  {
    auto first = Listener::open(tcp(0));
    ASSERT_TRUE(first);
    service = first->service();
  }
  EXPECT_TRUE(Listener::open(service));
}

TEST(Listener, ServesHundredsOfPeersAtOnce) {
  auto web = Listener::open(tcp(0));
  ASSERT_TRUE(web);
  std::vector<Probe> probes;
  for (int i = 0; i < 300; ++i) {
    auto opened = Probe::open({.service = web->service(), .destination = IpAddress::loopback(AddressFamily::ipv4)});
    ASSERT_TRUE(opened) << opened.error();
    probes.push_back(*std::move(opened));
  }
  for (auto& each : probes) EXPECT_TRUE(each.run(Deadline::after(10s)).answered());
}

TEST(Listener, RefusesIcmp) { EXPECT_FALSE(Listener::open(icmp())); }

}  // namespace
}  // namespace netrig::traffic
