// What goes wrong during a measurement is an error that says what, which side and when: never a hang, never a zero.
#include <netrig/fixtures/routed_subnets_test.h>
#include <netrig/fixtures/two_hosts_test.h>
#include <netrig/nft/presets.h>
#include <netrig/nft/transaction.h>
#include <netrig/suites/tools.h>
#include <netrig/topology/measure.h>
#include <netrig/traffic/crew.h>
#include <netrig/traffic/rendezvous.h>
#include <netrig/traffic/tcp_side.h>
#include <netrig/traffic/tcp_worker.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <string>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace netrig {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using traffic::ConnectionLoad;
using traffic::LatencyLoad;
using traffic::TcpLoad;
using traffic::UdpLoad;

template <class Load>
Load patient(Load load = {}) {
  load.run.patience = 60s;
  load.run.port = Port{5201};
  return load;
}

template <class Load>
Load endless(Load load = {}) {
  load = patient(load);
  load.duration = 24h;
  return load;
}

template <class Use>
std::string error_of(const Use& use) {
  try {
    use();
    return "no error";
  } catch (const SetupError& error) {
    return error.what();
  }
}

class Trouble : public TwoHostsTest, public ::testing::WithParamInterface<AddressFamily> {
 protected:
  template <class Load>
  std::string trouble_with(const Load& load) {
    return error_of([&] { (void)measure(left(), right(), load, GetParam()); });
  }
  void rule(const std::string& text) {
    right().load_ruleset_text("table inet trouble { chain in { type filter hook input priority 0; " + text +
                              "\n}\n}\n");
  }
  // Once something has arrived.
  template <class Load>
  Load then(Load load, std::function<void()> trouble) {
    load.run.interval = 10ms;
    load.run.on_interval = [trouble = std::move(trouble), done = false](const traffic::Interval& interval) mutable {
      if (done || (interval.received.value() == 0 && interval.packets == 0)) return;
      done = true;
      trouble();
    };
    return load;
  }
};
INSTANTIATE_TEST_SUITE_P(BothFamilies, Trouble, ::testing::ValuesIn(kAddressFamilies),
                         [](const auto& family) { return family.param == AddressFamily::ipv4 ? "IPv4" : "IPv6"; });

// ---- One byte that is not what was sent

TEST_P(Trouble, OneFlippedByteInAStreamIsFound) {
  const auto flip =
      "tcp dport 5201 meta length > 1000 limit rate 1/day burst 1 packets counter "
      "@th,256,8 set @th,256,8 ^ 0xff";
  rule(flip);
  auto load = patient<TcpLoad>();
  load.bytes = ByteCount{4 << 20};
  load.verify = true;
  EXPECT_THAT(trouble_with(load), AllOf(HasSubstr("verify what came from"), HasSubstr("in \"right\": EBADMSG"),
                                        ContainsRegex("byte [0-9]+ is 0x[0-9a-f]+ and was sent as 0x[0-9a-f]+")));
  load.verify = false;
  right().load_ruleset_text("flush ruleset\n");
  rule(flip);
  EXPECT_EQ(trouble_with(load), "no error");
  EXPECT_THAT(right().ruleset_text(), HasSubstr("counter packets 1 "));
}

TEST_P(Trouble, OneFlippedByteInADatagramIsFound) {
  rule("udp dport 5201 numgen inc mod 50 20 @th,192,8 set @th,192,8 ^ 0x01");
  auto load = patient<UdpLoad>();
  load.packets = 50;
  load.segmentation = false;
  load.rate = Bandwidth::bits_per_second(100'000'000);
  load.verify = true;
  EXPECT_THAT(trouble_with(load),
              AllOf(HasSubstr("verify datagrams in \"right\": EBADMSG"), HasSubstr("byte 16 of datagram 20 is")));
  load.verify = false;
  EXPECT_EQ(trouble_with(load), "no error");
}

// The number's greatest byte is 2^39 too high: it was never sent, and takes no memory.
TEST_P(Trouble, OneFlippedByteInADatagramsHeaderIsFound) {
  rule("udp dport 5201 numgen inc mod 50 20 @th,96,8 set @th,96,8 ^ 0x80");
  auto load = patient<UdpLoad>();
  load.packets = 50;
  load.segmentation = false;
  load.rate = Bandwidth::bits_per_second(100'000'000);
  load.verify = true;
  EXPECT_THAT(trouble_with(load), AllOf(HasSubstr("verify datagrams in \"right\": EBADMSG"),
                                        HasSubstr("the header is not what was sent: number 0x")));
  load.verify = false;
  load.linger = 50ms;
  right().load_ruleset_text("flush ruleset\n");
  rule("udp dport 5201 numgen inc mod 50 20 @th,96,8 set @th,96,8 ^ 0x80");
  const auto result = measure(left(), right(), load, GetParam());
  EXPECT_EQ(result.sent, 50U);
  EXPECT_EQ(result.received, 49U);
}

// ---- A side that goes

TEST_P(Trouble, AConnectionThatIsResetHalfWayIsTold) {
  const auto load = then(endless<TcpLoad>(), [this] { rule("tcp dport 5201 reject with tcp reset"); });
  EXPECT_THAT(trouble_with(load), AllOf(HasSubstr("ECONNRESET"),
                                        ContainsRegex("side ended the connection after [0-9.]+ s, [0-9]+ bytes sent")));
}

// One of three, the first to send then: named, whichever threads move the bytes. Each of its packets is answered with a
// reset, since the kernel takes none that is not at the very byte that it waits for (RFC 5961 section 3.2). Each time
// on another port: what the last time left unsent is still being sent.
TEST_P(Trouble, TheStreamThatIsResetIsTold) {
  using traffic::Direction, traffic::TcpThreads;
  std::uint16_t port = 5201;
  for (const auto threads : {TcpThreads::shared, TcpThreads::each_side}) {
    for (const auto direction : {Direction::forward, Direction::reverse, Direction::both}) {
      right().load_ruleset_text("table inet trouble { set one { type inet_service; size 1; flags dynamic; }\n}\n");
      auto load = then(endless<TcpLoad>(), [this, port] {
        rule(fmt::format("tcp dport {} add @one {{ tcp sport }} reject with tcp reset", port));
      });
      load.run.port = Port{port++};
      load.streams = 3;
      load.threads = threads;
      load.direction = direction;
      EXPECT_THAT(trouble_with(load), AllOf(HasSubstr("ECONNRESET"), ContainsRegex("on stream [123] in \"")));
      right().load_ruleset_text("flush ruleset\n");
    }
  }
}

TEST_P(Trouble, APathThatGoesSilentIsTold) {
  auto tcp = then(endless<TcpLoad>(), [this] { rule("tcp dport 5201 drop"); });
  tcp.run.patience = 300ms;
  EXPECT_THAT(
      trouble_with(tcp),
      AllOf(HasSubstr("ETIMEDOUT"),
            ContainsRegex("no byte arrives at the server's side: nothing moved for [0-9.]+ s, after [0-9.]+ s")));
  auto udp = then(endless<UdpLoad>(), [this] { rule("udp dport 5201 drop"); });
  udp.run.patience = 300ms;
  udp.linger = 100ms;
  EXPECT_THAT(trouble_with(udp), AllOf(HasSubstr("ETIMEDOUT"), HasSubstr("no datagram arrives at the server's side")));
  auto latency = then(endless<LatencyLoad>(), [this] { rule("tcp dport 5201 drop"); });
  latency.run.port = Port{5202};
  latency.run.on_interval = [this](const traffic::Interval& interval) {
    if (interval.packets > 0) rule("tcp dport 5202 drop");
  };
  latency.run.patience = 300ms;
  EXPECT_THAT(trouble_with(latency), AllOf(HasSubstr("ETIMEDOUT"), HasSubstr("the server's side does not answer")));
}

// What is sent in two seconds, and what of it fits into a socket's buffer while its reader has no turn on a loaded
// machine. A refusal before the reader has had its first turn, within 0.8 s, is another error.
constexpr auto kFromThe201st = "udp dport 5201 numgen inc mod 1000000000 >= 200 ";
constexpr auto kSpan = 2s;

UdpLoad datagrams() {
  UdpLoad load;
  load.run.port = Port{5201};
  load.rate = Bandwidth::bits_per_second(200'000);
  load.payload = 100;
  load.packets = 500;  // sent however late
  load.segmentation = false;
  return load;
}

LatencyLoad requests() {
  LatencyLoad load;
  load.protocol = LatencyLoad::Protocol::udp;
  load.run.port = Port{5201};
  load.rate = 250;
  load.duration = kSpan;
  return load;
}

TEST_P(Trouble, DatagramsThatAllGetLostHalfWayAreTold) {
  rule(std::string{kFromThe201st} + "drop");
  EXPECT_THAT(trouble_with(datagrams()),
              AllOf(HasSubstr("in \"right\": ETIMEDOUT"),
                    ContainsRegex("nothing arrived after [0-9.]+ s: 200 of 200 datagrams until then, none of [0-9]+")));
  right().load_ruleset_text("flush ruleset\n");
  rule(std::string{kFromThe201st} + "drop");
  EXPECT_THAT(
      trouble_with(requests()),
      AllOf(HasSubstr("in \"right\": ETIMEDOUT"),
            ContainsRegex("nothing was answered after [0-9.]+ s: 200 of 200 requests until then, none of 300")));
}

TEST_P(Trouble, DatagramsThatAreRefusedHalfWayAreTold) {
  rule(std::string{kFromThe201st} + "reject");
  EXPECT_THAT(trouble_with(datagrams()), AllOf(HasSubstr("in \"right\": ECONNREFUSED"),
                                               ContainsRegex("nothing arrived after [0-9.]+ s: 200 of 200"),
                                               HasSubstr("refused by " + right().address(GetParam()).to_string())));
  for (const double rate : {250.0, 0.0}) {
    right().load_ruleset_text("flush ruleset\n");
    rule(std::string{kFromThe201st} + "reject");
    auto load = requests();
    load.rate = rate;
    EXPECT_THAT(trouble_with(load), AllOf(HasSubstr("in \"right\": ECONNREFUSED"),
                                          ContainsRegex("nothing was answered after [0-9.]+ s: 200 of 200")));
  }
}

// Nothing of it came to the path: it is nobody else's fault.
TEST_P(Trouble, WhatTheAskersOwnRulesKeepBackIsLost) {
  left().load_ruleset_text(
      fmt::format("table inet t {{ chain o {{ type filter hook output priority 0; {} drop\n}}\n}}\n", kFromThe201st));
  const auto answered = measure(left(), right(), patient(requests()), GetParam());
  EXPECT_EQ(answered.requests, 500U);
  EXPECT_EQ(answered.lost, 300U) << answered;
}

// Of the second half, nine of ten are lost, or refused, to the end. A refusal also makes the kernel not send what comes
// next: seen where much is due at once, as after a stall of the asker.
TEST_P(Trouble, ALossyPathIsMeasured) {
  for (const auto* verdict : {"drop", "reject"}) {
    const auto lossy = fmt::format("{} numgen inc mod 10 != 0 {}", kFromThe201st, verdict);
    right().load_ruleset_text("flush ruleset\n");
    rule(lossy);
    auto load = patient(datagrams());
    load.packets = 400;
    const auto result = measure(left(), right(), load, GetParam());
    EXPECT_EQ(result.received, 220U) << result;
    EXPECT_GE(result.elapsed, result.sending);
    right().load_ruleset_text("flush ruleset\n");
    rule(lossy);
    auto asked = patient(requests());
    asked.count = 400;
    const auto answered = measure(left(), right(), asked, GetParam());
    EXPECT_EQ(answered.lost, 180U) << answered;
  }
}

// The receiver is another process, which is killed with bytes unread.
TEST_P(Trouble, AReceiverThatIsKilledHalfWayIsTold) {
  auto load = endless<TcpLoad>();
  load.run.destination = right().address(GetParam());
  const auto both = sides(left(), right());
  const auto plain = [](int) -> Result<void> { return {}; };
  auto door = value_or_throw(traffic::Door::open(load.run, both.server, plain));
  auto [near, far] = value_or_throw(door.connect(load.run, both, plain));
  const pid_t receiver = ::fork();
  if (receiver == 0) {
    std::array<char, 4096> some{};
    for (std::size_t got = 0; got < std::size_t{1} << 20U;) {
      const auto size = ::recv(far.get(), some.data(), some.size(), 0);
      if (size > 0) got += static_cast<std::size_t>(size);
    }
    ::kill(::getpid(), SIGKILL);
  }
  far.reset();
  traffic::TcpSide client{load, "left", true};
  ASSERT_TRUE(client.add(std::move(near)));
  const auto payload = value_or_throw(traffic::TcpPayload::make(1, false));
  client.begin();
  traffic::TcpWorker worker{load, payload};
  worker.take(client);
  traffic::CrewPlan plan;
  plan.what = "measure";
  plan.run = &load.run;
  plan.progress = [] { return std::uint64_t{0}; };
  plan.stuck = [] { return std::string{"stuck"}; };
  traffic::Crew crew{std::move(plan)};
  int status = 0;
  const auto done = crew.run({"left", {}, [&](traffic::Reins& reins) { return worker.run(reins); }},
                             {"right", {}, [&](traffic::Reins&) -> Result<void> { return {}; }});
  ASSERT_EQ(::waitpid(receiver, &status, 0), receiver);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message(), AllOf(HasSubstr("on stream 1 in \"left\": E"),
                                            ContainsRegex("the server's side ended the connection after [0-9.]+ s")));
  EXPECT_GE(client.flows.front().sent.load(), std::uint64_t{1} << 20U);
}

// ---- A path that was never there

class TroubleAcrossARouter : public RoutedSubnetsTest, public ::testing::WithParamInterface<AddressFamily> {};
INSTANTIATE_TEST_SUITE_P(BothFamilies, TroubleAcrossARouter, ::testing::ValuesIn(kAddressFamilies),
                         [](const auto& family) { return family.param == AddressFamily::ipv4 ? "IPv4" : "IPv6"; });

TEST_P(TroubleAcrossARouter, NamesTheRouterThatRejects) {
  router().change_rules(
      nft::Transaction{}.add(nft::forward_policy(nft::Policy::accept)).add(nft::forward_chain(), nft::Rule{}.reject()));
  const auto who = "rejected by " + router().address("left", GetParam()).to_string();
  const auto trouble_with = [&](const auto& load) {
    return error_of([&] { (void)measure(left(), right(), load, GetParam()); });
  };
  EXPECT_THAT(trouble_with(patient<TcpLoad>()),
              AllOf(HasSubstr("connect to "), HasSubstr("in \"left1\""), HasSubstr(who)));
  EXPECT_THAT(trouble_with(patient<UdpLoad>()), AllOf(HasSubstr("send datagrams in \"left1\""), HasSubstr(who)));
  EXPECT_THAT(trouble_with(patient<ConnectionLoad>()), HasSubstr(who));
  for (const auto protocol : {LatencyLoad::Protocol::tcp, LatencyLoad::Protocol::udp}) {
    for (const double rate : {1000.0, 0.0}) {
      auto requests = endless<LatencyLoad>();
      requests.protocol = protocol;
      requests.rate = rate;
      EXPECT_THAT(trouble_with(requests), AllOf(HasSubstr("in \"left1\""), HasSubstr(who)));
    }
  }
}

// Of an error that only who asks for it hears (ip(7), IP_RECVERR).
TEST_P(TroubleAcrossARouter, NamesTheRouterThatFindsNoHost) {
  router().load_ruleset_text(
      "table inet t { chain f { type filter hook forward priority 0; reject with icmpx host-unreachable\n}\n}\n");
  const auto router_address = router().address("left", GetParam()).to_string();
  const auto is_told = AllOf(HasSubstr("in \"left1\": EHOSTUNREACH"), HasSubstr(router_address));
  EXPECT_THAT(error_of([&] { (void)measure(left(), right(), UdpLoad{}, GetParam()); }), is_told);
  for (const double rate : {1000.0, 0.0}) {
    LatencyLoad requests;
    requests.protocol = LatencyLoad::Protocol::udp;
    requests.rate = rate;
    EXPECT_THAT(error_of([&] { (void)measure(left(), right(), requests, GetParam()); }), is_told);
  }
}

TEST_P(TroubleAcrossARouter, SaysThatNothingArrived) {
  router().load_ruleset_text("table inet t { chain f { type filter hook forward priority 0; policy drop\n}\n}\n");
  auto udp = patient<UdpLoad>();
  udp.packets = 10;
  udp.linger = 10ms;
  EXPECT_THAT(error_of([&] { (void)measure(left(), right(), udp, GetParam()); }),
              HasSubstr("none of 10 datagrams arrived"));
  auto tcp = patient<TcpLoad>();
  tcp.run.patience = 50ms;
  EXPECT_THAT(error_of([&] { (void)measure(left(), right(), tcp, GetParam()); }), HasSubstr("no answer from"));
  LatencyLoad requests;
  requests.protocol = LatencyLoad::Protocol::udp;
  requests.count = 3;
  requests.timeout = 50ms;
  EXPECT_THAT(error_of([&] { (void)measure(left(), right(), requests, GetParam()); }),
              HasSubstr("none of 3 requests was answered"));
}

}  // namespace
}  // namespace netrig
