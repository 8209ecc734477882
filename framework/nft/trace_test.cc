// The kernel's own account of what rules do with packets.
#include <netrig/nft/codec/trace_codec.h>
#include <netrig/nft/fresh_network.h>
#include <netrig/nft/frontend.h>
#include <netrig/nft/reserved.h>
#include <netrig/nft/trace.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <initializer_list>
#include <map>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

#include <linux/capability.h>

namespace netrig::nft {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::AnyOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;
using testing::SizeIs;

const std::vector<Rule> kUdp53{Rule{}.udp_dport(53)};

class TraceTest : public FreshNetworkTest {
 protected:
  void SetUp() override {
    FreshNetworkTest::SetUp();
    if (IsSkipped()) return;
    auto opened = Tracer::open("node");
    ASSERT_TRUE(opened) << opened.error();
    tracer_ = std::make_unique<Tracer>(*std::move(opened));
    auto nft = Frontend::open("node");
    ASSERT_TRUE(nft) << nft.error();
    nft_ = std::make_unique<Frontend>(*std::move(nft));
  }
  void TearDown() override {
    tracer_.reset();
    nft_.reset();
    FreshNetworkTest::TearDown();
  }

  Tracer& tracer() { return *tracer_; }
  Frontend& nft() { return *nft_; }
  void load(const std::string& rules) {
    const auto loaded = nft().load_text(rules);
    ASSERT_TRUE(loaded) << loaded.error();
  }
  void start(const std::vector<Rule>& packets = kUdp53) {
    const auto started = tracer().start(packets);
    ASSERT_TRUE(started) << started.error();
  }

  // All that was told of packets sent until now; a failure when the trace does not listen.
  std::vector<TraceEvent> events() {
    const auto listens = tracer().listens(Deadline::after(10s));
    EXPECT_TRUE(listens && *listens);
    auto taken = tracer().take();
    if (!taken) ADD_FAILURE() << taken.error();
    return taken ? *std::move(taken) : std::vector<TraceEvent>{};
  }
  // The same as a story: waypoints, and `chain rule 9 drop` for rules of others.
  std::vector<std::string> story() {
    std::vector<std::string> told;
    for (const TraceEvent& event : events()) {
      if (const auto at = waypoint(event)) {
        told.emplace_back(to_string(*at));
      } else if (!is_reserved(event.chain.table)) {
        const std::string verdict = event.verdict ? to_string(Expression{*event.verdict}) : "";
        const std::string what = event.kind == TraceEvent::Kind::rule     ? "rule"
                                 : event.kind == TraceEvent::Kind::policy ? "policy"
                                                                          : "end";
        told.push_back(fmt::format("{} {} {}", event.chain.name, what, verdict));
      }
    }
    return told;
  }

 private:
  std::unique_ptr<Tracer> tracer_;
  std::unique_ptr<Frontend> nft_;
};

class TraceOfEitherFamilyTest : public TraceTest, public testing::WithParamInterface<const char*> {};

TEST_P(TraceOfEitherFamilyTest, FollowsAPacketFromRuleToRule) {
  load(R"(table inet t {
    chain guests { ip saddr 192.0.2.1 drop; ip6 saddr 2001:db8::1 drop; }
    chain out { type filter hook output priority 0; udp dport 53 jump guests; udp dport 53 accept; }
    chain in { type filter hook input priority 0; policy drop; }
  })");
  start();
  EXPECT_EQ(send_udp(GetParam(), 53), 0);
  EXPECT_EQ(send_udp(GetParam(), 54), 0);
  EXPECT_THAT(story(), ElementsAre("sent", "out rule jump guests", "guests end ", "out rule accept", "left", "arrived",
                                   "routable", "in end ", "in policy drop"));
}

TEST_P(TraceOfEitherFamilyTest, TellsTheHeadersAndTheRulesHandle) {
  load("table inet t { chain in { type filter hook input priority 0; meta l4proto udp drop; }; }");
  const auto handle = listing().find(ChainName{{Family::inet, "t"}, "in"})->rules.front().handle;
  start();
  EXPECT_EQ(send_udp(GetParam(), 53), 0);
  const auto told = events();
  const auto drop = std::ranges::find_if(told, [](const TraceEvent& event) { return event.drops(); });
  ASSERT_NE(drop, told.end());
  EXPECT_EQ(drop->rule, handle);
  EXPECT_EQ(drop->chain, (ChainName{{Family::inet, "t"}, "in"}));
  EXPECT_EQ(drop->incoming, 1U);
  ASSERT_TRUE(drop->headers);
  EXPECT_EQ(drop->headers->destination.to_string(), GetParam());
  EXPECT_EQ(drop->headers->destination_port, Port{53});
  EXPECT_EQ(drop->headers->protocol, Protocol::udp);
  EXPECT_THAT(drop->to_string(), AllOf(HasSubstr("inet t in packet: iif 1 udp "), HasSubstr("(verdict drop)")));
}

// A redirect quotes a packet that went on, and a source quench (RFC 6633) ended none: neither is an error about it.
TEST_F(TraceTest, AMessageAboutAPacketThatGoesOnIsNoError) {
  start({Rule{}.family(AddressFamily::ipv4).protocol(Protocol::icmp)});
  const UniqueFd socket{::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP)};
  ASSERT_TRUE(socket) << errno;
  sockaddr_in loopback{};
  loopback.sin_family = AF_INET;
  loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::map<int, bool> errors;
  for (const std::uint8_t type : std::initializer_list<std::uint8_t>{3, 4, 5, 11, 12}) {
    std::array<std::uint8_t, 28> message{type};
    message[8] = 0x45;  // a header quoted
    ASSERT_EQ(::sendto(socket.get(), message.data(), message.size(), 0, reinterpret_cast<sockaddr*>(&loopback),
                       sizeof loopback),
              static_cast<ssize_t>(message.size()));
  }
  for (const TraceEvent& event : events()) {
    if (waypoint(event) == Waypoint::sent && event.headers->icmp)
      errors[event.headers->icmp->type] = event.headers->is_error();
  }
  EXPECT_THAT(errors, ElementsAre(Pair(3, true), Pair(4, false), Pair(5, false), Pair(11, true), Pair(12, true)));
}

// More than a chain takes, of which older kernels miss the first (Linux 6.16 waits for those that are not there).
TEST_F(TraceTest, WhereInterfacesAreRefusedItTracesTheRestAndSaysWhy) {
  TraceScope many;
  for (int i = 0; i < 300; ++i) many.devices.push_back(fmt::format("gone{}", i));
  const auto started = tracer().start(kUdp53, many);
  ASSERT_TRUE(started) << started.error();
  EXPECT_FALSE(tracer().sees_devices());
  ASSERT_TRUE(tracer().refused_devices());
  EXPECT_THAT(tracer().refused_devices()->code, AnyOf(EFBIG, ENOENT)) << *tracer().refused_devices();
  ASSERT_TRUE(tracer().stop());
  ASSERT_TRUE(tracer().start(kUdp53, {.devices = {"lo"}}));
  EXPECT_TRUE(tracer().sees_devices());
  EXPECT_FALSE(tracer().refused_devices());
}

// A datagram to a closed port, and the ICMP error about it.
TEST_P(TraceOfEitherFamilyTest, TellsWhichPacketAnErrorIsAbout) {
  start({Rule{}.udp_dport(53), Rule{}.udp_dport(54), Rule{}.icmp_type(IcmpType::destination_unreachable),
         Rule{}.icmpv6_type(Icmpv6Type::destination_unreachable)});
  EXPECT_EQ(send_udp(GetParam(), 53), 0);
  EXPECT_EQ(send_udp(GetParam(), 54, 20), 0);
  const auto told = events();
  std::vector<TracedPacket> sent, errors;
  for (const TraceEvent& event : told) {
    if (waypoint(event) == Waypoint::sent) (event.headers->is_error() ? errors : sent).push_back(*event.headers);
  }
  ASSERT_THAT(sent, SizeIs(2));
  ASSERT_THAT(errors, SizeIs(2));
  for (const std::size_t i : {0U, 1U}) {
    EXPECT_TRUE(errors[i].is_error_about(sent[i]));
    EXPECT_FALSE(errors[i].is_error_about(sent[1 - i]));
    EXPECT_FALSE(sent[i].is_error_about(sent[i]));
    EXPECT_EQ(errors[i].quoted->protocol, Protocol::udp);
    EXPECT_EQ(errors[i].quoted->length, sent[i].identity.length);
  }
  EXPECT_EQ(errors[0].flow(), errors[1].flow());
}

TEST_P(TraceOfEitherFamilyTest, APacketThatNothingStopsIsDelivered) {
  start();
  EXPECT_EQ(send_udp(GetParam(), 53), 0);
  EXPECT_THAT(story(), ElementsAre("sent", "left", "arrived", "routable", "delivered"));
}

INSTANTIATE_TEST_SUITE_P(Families, TraceOfEitherFamilyTest, testing::Values("127.0.0.1", "::1"));

TEST_F(TraceTest, OtherPacketsAreNotTraced) {
  start();
  EXPECT_EQ(send_udp("127.0.0.1", 54), 0);
  EXPECT_THAT(story(), IsEmpty());
}

TEST_F(TraceTest, NobodySeesItInAListing) {
  load("table inet t { chain in { type filter hook input priority 0; }; }");
  const auto before = nft().list(Handles::show).value();
  start();
  EXPECT_EQ(nft().list(Handles::show).value(), before);
  EXPECT_EQ(listing().tables.size(), 1U);
  const std::string witness = NETRIG_OUTPUT_OR_SKIP("nft list ruleset");
  EXPECT_THAT(witness, HasSubstr(kReservedTable));
  ASSERT_TRUE(tracer().stop());
  const std::string afterwards = NETRIG_OUTPUT_OR_SKIP("nft -a list ruleset");
  EXPECT_EQ(afterwards, before);
}

TEST_F(TraceTest, SurvivesTheFlushOfARuleset) {
  start();
  load("flush ruleset; table inet t { chain in { type filter hook input priority 0; udp dport 53 drop; }; }");
  EXPECT_EQ(send_udp("127.0.0.1", 53), 0);
  EXPECT_THAT(story(), Contains("in rule drop"));
  EXPECT_TRUE(tracer().stop());
}

TEST_F(TraceTest, WhatCouldNotBeStoppedIsStoppedByTheNextCall) {
  start();
  std::jthread{[&] {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    const std::array<__user_cap_data_struct, 2> none{};
    ASSERT_EQ(::syscall(SYS_capset, &header, none.data()), 0);  // of this thread alone
    EXPECT_EQ(tracer().stop().error().code, EPERM);
  }}.join();
  EXPECT_TRUE(tracer().started());
  EXPECT_TRUE(tracer().stop());
  const std::string left = NETRIG_OUTPUT_OR_SKIP("nft list ruleset");
  EXPECT_EQ(left, "");
}

TEST_F(TraceTest, DoesNotListenOnceStopped) {
  start();
  EXPECT_TRUE(tracer().listens(Deadline::after(10s)).value());
  ASSERT_TRUE(tracer().stop());
  EXPECT_FALSE(tracer().listens(Deadline::after(0s)).value());
  EXPECT_EQ(send_udp("127.0.0.1", 53), 0);
  EXPECT_THAT(tracer().take().value(), IsEmpty());
}

TEST_F(TraceTest, ItsCanaryMeetsNoRuleOfAnybodyElse) {
  load("table inet t { chain out { type filter hook output priority -400; policy drop; counter; }; }");
  start();
  EXPECT_TRUE(tracer().listens(Deadline::after(10s)).value());
  EXPECT_EQ(listing().find(ChainName{{Family::inet, "t"}, "out"})->rules.front().count(), Counter{});
}

TEST_F(TraceTest, ASecondOneOfTheSameNamespaceIsRefused) {
  start();
  auto second = Tracer::open("node");
  ASSERT_TRUE(second) << second.error();
  EXPECT_EQ(second->start(kUdp53).error().code, EBUSY);
  EXPECT_EQ(tracer().start(kUdp53).error().code, EBUSY);
  EXPECT_EQ(send_udp("127.0.0.1", 53), 0);
  EXPECT_THAT(story(), Contains("delivered"));
}

TEST_F(TraceTest, StartsAgain) {
  for (int i = 0; i < 3; ++i) {
    start();
    EXPECT_EQ(send_udp("127.0.0.1", 53), 0);
    EXPECT_THAT(story(), Contains("delivered"));
    ASSERT_TRUE(tracer().stop());
  }
}

TEST_F(TraceTest, SaysWhenEventsWereLost) {
  start();
  for (int i = 0; i < 5'000; ++i) send_udp("127.0.0.1", 53);  // 8 events each, which nobody takes
  ASSERT_TRUE(tracer().take());
  EXPECT_TRUE(tracer().lost());
}

TEST_F(TraceTest, ConnectionsOfTcpAndAnswersOfIcmpAreToldApart) {
  start({Rule{}.protocol(Protocol::icmp)});
  EXPECT_EQ(send_udp("127.0.0.1", 53), 0);  // nobody listens
  const auto told = events();
  const auto answer = std::ranges::find_if(told, [](const TraceEvent& event) { return event.headers.has_value(); });
  ASSERT_NE(answer, told.end());
  ASSERT_TRUE(answer->headers->icmp);
  EXPECT_EQ(answer->headers->icmp->type, 3);  // destination unreachable
  EXPECT_EQ(answer->headers->icmp->code, 3);  // port
}

}  // namespace
}  // namespace netrig::nft
