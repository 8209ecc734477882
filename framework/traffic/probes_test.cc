// Probes against listeners on loopback, in the sandbox's own network.
#include <netrig/traffic/connect.h>
#include <netrig/traffic/listener.h>
#include <netrig/traffic/ping.h>
#include <netrig/traffic/reactor.h>
#include <netrig/traffic/socket_address.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>

namespace netrig::traffic {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::ThrowsMessage;

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

// Far more than the receive buffer holds: none is sent before the last is answered.
TEST_P(Probes, PingAsFastAsAnswersCome) {
  auto pinger = Pinger::open({.destination = self(), .count = 5000, .interval = 0ns});
  ASSERT_TRUE(pinger) << pinger.error();
  const auto report = pinger->run(Deadline::after(60s));
  ASSERT_TRUE(report) << report.error();
  EXPECT_TRUE(report->complete()) << report->received() << " answers";
  for (unsigned i = 0; i < report->received(); ++i) ASSERT_EQ(report->replies[i].sequence, i + 1);
}

// A deadline that passes before the process gets a processor leaves no question unasked.
TEST_P(Probes, PingOnceAtLeast) {
  auto pinger = Pinger::open({.destination = self(), .count = 3});
  ASSERT_TRUE(pinger) << pinger.error();
  const auto report = pinger->run(Deadline{Deadline::Clock::time_point{}});
  ASSERT_TRUE(report) << report.error();
  EXPECT_EQ(report->transmitted, 1U) << *report;
  EXPECT_EQ(report->received() + pinger->run(Deadline::after(10s)).value().late.size(), 1U);
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

// The limit of open files at the lowest number that is free, while it lives.
class NoDescriptorLeft {
 public:
  NoDescriptorLeft() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    // 0 to 2 stay open, and poll(2) asks for room. Not "those in use now": another thread may be about to close one.
    const rlimit none{3, before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  NoDescriptorLeft(const NoDescriptorLeft&) = delete;
  NoDescriptorLeft& operator=(const NoDescriptorLeft&) = delete;
  ~NoDescriptorLeft() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

Probe probe_of(const Listener& listener, Port port) {
  const auto service = listener.service().is_tcp() ? tcp(port.value()) : udp(port.value());
  return value_or_throw(Probe::open({.service = service, .destination = IpAddress::loopback(AddressFamily::ipv4)}));
}

// What cannot be accepted stays in the queue, which stays readable: the thread must not look at it for ever. Its turns
// are counted; a tenth of a second lies between two at least.
TEST(Listener, LooksNowAndThenForADescriptorWhenThereIsNone) {
  const auto web = value_or_throw(Listener::open(tcp(0)));
  const auto echo = value_or_throw(Listener::open(udp(0)));
  const UniqueFd mute{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  const SocketAddress nowhere{IpAddress::loopback(AddressFamily::ipv4), Port{}};
  ASSERT_EQ(::bind(mute.get(), nowhere.get(), nowhere.size), 0);
  auto knocking = probe_of(web, web.port()), calling = probe_of(echo, echo.port());
  SocketAddress bound;
  ASSERT_EQ(::getsockname(mute.get(), bound.get(), &bound.size), 0);
  auto waiting = probe_of(echo, bound.endpoint().port);
  {
    const NoDescriptorLeft none;
    EXPECT_TRUE(knocking.run(Deadline::after(20s)).answered());
    const auto before = Reactor::instance().turns();
    const auto waited = waiting.run(Deadline::after(300ms));
    EXPECT_LE(Reactor::instance().turns() - before, 5 + static_cast<std::uint64_t>(waited.elapsed / 100ms));
    EXPECT_TRUE(calling.run(Deadline::after(20s)).answered()) << "others must be served meanwhile";
  }
}

TEST(Listener, SaysWhatItCouldNotTakeAndTakesItLater) {
  const auto web = value_or_throw(Listener::open(tcp(0)));
  auto knocking = probe_of(web, web.port());
  {
    const NoDescriptorLeft none;
    EXPECT_TRUE(knocking.run(Deadline::after(20s)).answered());
    EXPECT_THAT([&] { (void)web.peers(); },
                ThrowsMessage<SetupError>(AllOf(HasSubstr("take a peer of tcp/"), HasSubstr("EMFILE"))));
    EXPECT_THAT([&] { (void)web.last_peer(); }, ThrowsMessage<SetupError>(HasSubstr("EMFILE")));
    EXPECT_THAT([&] { (void)web.wait_for_peer(Deadline::after(0s)); }, ThrowsMessage<SetupError>(HasSubstr("EMFILE")));
  }
  ASSERT_TRUE(web.wait_for_peer(Deadline::after(20s)));  // nobody asks: the listener looks again by itself
  EXPECT_THAT(web.peers(), SizeIs(1));
}

TEST(Listener, RefusesIcmp) { EXPECT_FALSE(Listener::open(icmp())); }

}  // namespace
}  // namespace netrig::traffic
