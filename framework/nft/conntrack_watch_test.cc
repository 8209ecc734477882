// Connections as they come and go; the conntrack program is the witness.
#include <netrig/nft/conntrack_watch.h>
#include <netrig/nft/fresh_network.h>
#include <netrig/nft/presets.h>

#include <gmock/gmock.h>

#include <cerrno>

namespace netrig::nft {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Kind = ConntrackEvent::Kind;

ConntrackFilter to_port(std::uint16_t port) {
  return [port](const ConntrackEntry& entry) { return entry.original.destination_port == Port{port}; };
}

class ConntrackWatchTest : public FreshNetworkTest {
 protected:
  void SetUp() override {
    FreshNetworkTest::SetUp();
    if (IsSkipped()) return;
    auto opened = ConntrackWatch::open("node");
    ASSERT_TRUE(opened) << opened.error();
    watch_ = std::make_unique<ConntrackWatch>(*std::move(opened));
    // Connections are tracked only where a rule asks for it.
    Ruleset ruleset = output_policy(Policy::accept);
    ruleset.tables.back().chains.back().add(Rule{}.ct_state(CtState::new_connection).counter());
    ASSERT_TRUE(apply(socket(), ruleset));
  }
  void TearDown() override {
    watch_.reset();
    FreshNetworkTest::TearDown();
  }
  std::size_t count() {
    const auto counted = count_conntrack(socket());
    EXPECT_TRUE(counted) << counted.error();
    return counted.value_or(9999);
  }
  ConntrackEvent awaited(Kind kind, std::uint16_t port) {
    auto event = watch_->await(kind, to_port(port), Deadline::after(10s));
    if (!event) ADD_FAILURE() << event.error();
    return event.value_or(ConntrackEvent{});
  }
  std::unique_ptr<ConntrackWatch> watch_;
};

class ConntrackOfEitherFamilyTest : public ConntrackWatchTest, public testing::WithParamInterface<const char*> {};

TEST_P(ConntrackOfEitherFamilyTest, IsToldWhenItBeginsAndEnds) {
  ASSERT_EQ(send_udp(GetParam(), 6000), 0);
  ASSERT_EQ(send_udp(GetParam(), 6001), 0);
  const auto made = awaited(Kind::created, 6001);
  EXPECT_EQ(made.entry.original.destination, IpAddress::parse(GetParam()).value());
  EXPECT_EQ(made.entry.protocol, Protocol::udp);
  const auto removed = remove_conntrack(socket(), made.entry);
  ASSERT_TRUE(removed) << removed.error();
  EXPECT_EQ(awaited(Kind::destroyed, 6001).entry.original, made.entry.original);
  const auto left = list_conntrack(socket(), to_port(6000)), gone = list_conntrack(socket(), to_port(6001));
  ASSERT_TRUE(left && gone);
  EXPECT_THAT(*left, SizeIs(1));
  EXPECT_THAT(*gone, IsEmpty());
  EXPECT_EQ(remove_conntrack(socket(), made.entry).error().code, ENOENT);
}

INSTANTIATE_TEST_SUITE_P(Families, ConntrackOfEitherFamilyTest, testing::Values("127.0.0.1", "::1"),
                         [](const auto& info) { return info.param[0] == ':' ? "IPv6" : "IPv4"; });

TEST_F(ConntrackWatchTest, CountsAndForgetsAll) {
  EXPECT_EQ(count(), 0U);
  for (const char* loopback : {"127.0.0.1", "::1"}) ASSERT_EQ(send_udp(loopback, 6000), 0);
  const auto counted = count();
  EXPECT_GE(counted, 2U);
  EXPECT_EQ(counted, list_conntrack(socket()).value().size());
  const auto flushed = flush_conntrack(socket());
  ASSERT_TRUE(flushed) << flushed.error();
  EXPECT_EQ(count(), 0U);
  EXPECT_THAT(list_conntrack(socket()).value(), IsEmpty());
}

TEST_F(ConntrackWatchTest, CountsAsTheProgramDoes) {
  ASSERT_EQ(send_udp("127.0.0.1", 6000), 0);
  const std::string witness = NETRIG_OUTPUT_OR_SKIP("conntrack -C");
  EXPECT_EQ(witness, std::to_string(count()) + "\n");
}

TEST_F(ConntrackWatchTest, WhatDoesNotComeIsAnErrorThatTellsWhatDid) {
  ASSERT_EQ(send_udp("127.0.0.1", 6000), 0);
  const auto event = watch_->await(Kind::created, to_port(7000), Deadline::after(1ms));
  ASSERT_FALSE(event);
  EXPECT_EQ(event.error().code, ETIMEDOUT);
  EXPECT_THAT(event.error().message(),
              AllOf(HasSubstr("wait for a connection in \"node\""), HasSubstr("[NEW] udp"), HasSubstr("dport=6000")));
}

TEST_F(ConntrackWatchTest, WhatComesAfterIsKept) {
  for (const std::uint16_t port : {std::uint16_t{6000}, std::uint16_t{6001}}) ASSERT_EQ(send_udp("127.0.0.1", port), 0);
  awaited(Kind::created, 6000);
  awaited(Kind::created, 6001);
}

}  // namespace
}  // namespace netrig::nft
