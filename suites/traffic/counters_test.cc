// What a measurement says it moved is what interfaces and rules counted, to the byte and to the packet.
#include <netrig/fixtures/two_hosts_test.h>
#include <netrig/netlink/link.h>
#include <netrig/topology/measure.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <regex>
#include <string>

namespace netrig {
namespace {

using namespace std::chrono_literals;
using traffic::TcpLoad;
using traffic::UdpLoad;

constexpr std::uint64_t kBytes = 4 << 20;

class Counters : public TwoHostsTest, public ::testing::WithParamInterface<AddressFamily> {
 protected:
  [[nodiscard]] std::size_t ip_header() const { return GetParam() == AddressFamily::ipv4 ? 20 : 40; }

  /// Rules at the receiver; the first is to hold a counter.
  void receive_by(const std::string& rules) {
    right().load_ruleset_text("table inet seen { chain in { type filter hook input priority 0; " + rules + "\n}\n}\n");
  }
  struct Count {
    std::uint64_t packets = 0, bytes = 0;
  };
  /// The counters of those rules, in order.
  std::vector<Count> counted() {
    const auto text = right().ruleset_text();
    const std::regex counter{"counter packets ([0-9]+) bytes ([0-9]+)"};
    std::vector<Count> counts;
    for (std::sregex_iterator at{text.begin(), text.end(), counter}, end; at != end; ++at) {
      counts.push_back({std::stoull((*at)[1]), std::stoull((*at)[2])});
    }
    return counts;
  }
  static netlink::LinkStatistics statistics(const Node& node) {
    return node.netlink([](netlink::Socket& socket) {
      return value_or_throw(netlink::get_link(socket, {.name = InterfaceName{"eth0"}})).statistics;
    });
  }
  template <class Load>
  static Load patient(Load load) {
    load.run.patience = 60s;
    load.run.port = Port{5201};
    return load;
  }
  // All of them fit into the smallest receive buffer that a kernel has by default: a receiver that does not get its
  // turn loses none.
  static UdpLoad three_hundred() {
    UdpLoad load = patient(UdpLoad{});
    load.payload = 100;
    load.packets = 300;
    load.rate = Bandwidth::bits_per_second(10'000'000);
    load.segmentation = false;
    return load;
  }
};
INSTANTIATE_TEST_SUITE_P(BothFamilies, Counters, ::testing::ValuesIn(kAddressFamilies),
                         [](const auto& family) { return family.param == AddressFamily::ipv4 ? "IPv4" : "IPv6"; });

// Each segment without SYN has a header of 32 bytes (timestamps); what a rule sees may be many segments with one
// header.
TEST_P(Counters, OfARuleHoldTheBytesOfATcpLoad) {
  receive_by("tcp dport 5201 tcp flags syn accept\ntcp dport 5201 counter");
  auto load = patient(TcpLoad{});
  load.bytes = ByteCount{kBytes};
  load.streams = 2;
  const auto result = measure(left(), right(), load, GetParam());
  EXPECT_EQ(result.received.value(), 2 * kBytes);
  const auto seen = counted().at(0);
  const auto payload = seen.bytes - seen.packets * (ip_header() + 32);
  if (result.retransmits == 0) {
    EXPECT_EQ(payload, result.received.value());
  } else {
    EXPECT_GT(payload, result.received.value()) << result;
  }
}

TEST_P(Counters, OfRulesAndInterfacesHoldEveryDatagram) {
  receive_by("udp dport 5201 counter");
  const auto before = statistics(right());
  const auto result = measure(left(), right(), three_hundred(), GetParam());
  const auto after = statistics(right());
  EXPECT_EQ(result.sent, 300U);
  EXPECT_EQ(result.received, 300U) << result;
  const auto seen = counted().at(0);
  EXPECT_EQ(seen.packets, 300U);
  EXPECT_EQ(seen.bytes, 300 * (ip_header() + 8 + 100));
  EXPECT_GE(after.rx_packets - before.rx_packets, 300U);  // and what the neighbours ask one another
  EXPECT_LE(after.rx_packets - before.rx_packets, 320U);
}

TEST_P(Counters, OfARuleThatDropsOneInTenAreTheLoss) {
  receive_by("udp dport 5201 numgen inc mod 10 0 counter drop\nudp dport 5201 counter");
  auto load = three_hundred();
  load.run.interval = 10ms;
  const auto result = measure(left(), right(), load, GetParam());
  EXPECT_EQ(result.sent, 300U);
  EXPECT_EQ(result.lost(), 30U) << result;
  EXPECT_EQ(counted().at(0).packets, 30U);
  EXPECT_EQ(counted().at(1).packets, result.received);
  std::uint64_t received = 0;
  for (const auto& interval : result.intervals) received += interval.packets;
  EXPECT_EQ(received, result.received);
}

TEST_P(Counters, OfARuleThatLimitsARateAreTheLoss) {
  receive_by("udp dport 5201 limit rate over 20/second burst 50 packets counter drop\nudp dport 5201 counter");
  const auto result = measure(left(), right(), three_hundred(), GetParam());
  EXPECT_EQ(result.sent, 300U);
  EXPECT_EQ(result.lost(), counted().at(0).packets) << result;
  EXPECT_EQ(result.received, counted().at(1).packets);
  EXPECT_GT(result.lost(), 100U);
  EXPECT_GE(result.elapsed, result.sending);
}

// The stream's number begins at bit 40 of the payload's first word, in this machine's byte order.
TEST_P(Counters, OfARuleThatDropsOfOneStreamAreThatStreamsLoss) {
  const auto stream = std::endian::native == std::endian::little ? "@th,104,8" : "@th,80,8";
  receive_by(
      fmt::format("udp dport 5201 {0} 1 numgen inc mod 5 0 counter drop\nudp dport 5201 {0} 2 counter drop", stream));
  auto load = three_hundred();
  load.streams = 3;
  load.packets = 100;
  load.run.interval = 10ms;
  const auto result = measure(left(), right(), load, GetParam());
  ASSERT_EQ(result.streams.size(), 3U);
  EXPECT_EQ(result.streams[0].lost(), 0U) << result;
  EXPECT_EQ(result.streams[1].lost(), 20U);
  EXPECT_EQ(result.streams[2].lost(), 100U);
  EXPECT_EQ(result.streams[2].loss(), 1);
  EXPECT_EQ(result.lost(), 120U);
  EXPECT_EQ(counted().at(0).packets, 20U);
  EXPECT_EQ(counted().at(1).packets, 100U);
  std::uint64_t lost = 0;
  for (const auto& interval : result.intervals) lost += interval.streams.at(1).lost;
  EXPECT_EQ(lost, 20U);
}

TEST_P(Counters, OfTheOwnOutputChainAreWhatWasRefused) {
  left().load_ruleset_text(
      "table inet kept { chain out { type filter hook output priority 0; udp dport 5201 numgen inc mod 4 0 "
      "drop\n}\n}\n");
  const auto result = measure(left(), right(), three_hundred(), GetParam());
  EXPECT_EQ(result.refused, 75U);
  EXPECT_EQ(result.sent, 225U);
  EXPECT_EQ(result.received, 225U) << result;
}

TEST_P(Counters, OfSegmentsAgreeWithThoseOfTheReceiver) {
  auto load = patient(UdpLoad{});
  load.packets = 100;
  const auto result = measure(left(), right(), load, GetParam());
  EXPECT_TRUE(result.segmented);
  EXPECT_EQ(result.received, 100U) << result;
  EXPECT_EQ(result.bytes.value(), 140'000U);
}

TEST_P(Counters, OfOptionsShowInThePackets) {
  receive_by(
      "tcp dport 5201 meta nfproto ipv4 ip dscp 46 counter\ntcp dport 5201 meta nfproto ipv6 ip6 dscp 46 counter\n"
      "tcp dport 5201 counter\nudp dport 5201 meta nfproto ipv4 ip dscp 10 counter\nudp dport 5201 meta nfproto ipv6 "
      "ip6 dscp 10 counter");
  auto load = patient(TcpLoad{});
  load.bytes = ByteCount{kBytes};
  load.dscp = 46;
  load.mss = 600;
  load.no_delay = true;
  load.congestion_control = "reno";
  load.send_buffer = load.receive_buffer = ByteCount{100'000};
  const auto result = measure(left(), right(), load, GetParam());
  EXPECT_EQ(result.congestion_control, "reno");
  EXPECT_LE(result.streams.at(0).mss, 600U);
  EXPECT_GE(result.streams.at(0).segments_sent, kBytes / 600);
  auto datagrams = three_hundred();
  datagrams.dscp = 10;
  datagrams.packets = 10;
  (void)measure(left(), right(), datagrams, GetParam());
  const auto seen = counted();
  const bool v4 = GetParam() == AddressFamily::ipv4;
  EXPECT_EQ(seen.at(v4 ? 0 : 1).packets, seen.at(2).packets);
  EXPECT_EQ(seen.at(v4 ? 1 : 0).packets, 0U);
  EXPECT_EQ(seen.at(v4 ? 3 : 4).packets, 10U);
}

// A twentieth of a second's bytes at that pace cannot arrive sooner, but for what TCP sends before it paces.
TEST_P(Counters, OfAPacedStreamAreNoFasterThanItsPace) {
  auto load = patient(TcpLoad{});
  load.bytes = ByteCount{1 << 20};
  load.pace = Bandwidth::bits_per_second(100'000'000);
  const auto result = measure(left(), right(), load, GetParam());
  EXPECT_LE(result.goodput().bits_per_second(), 130'000'000U) << result;
}

TEST_P(Counters, OfAHundredStreamsBothWays) {
  auto load = patient(TcpLoad{});
  load.streams = 100;
  load.bytes = ByteCount{100'000};
  load.direction = traffic::Direction::both;
  load.verify = true;
  const auto result = measure(left(), right(), load, GetParam());
  EXPECT_EQ(result.streams.size(), 200U);
  EXPECT_EQ(result.received.value(), 200U * 100'000);
}

}  // namespace
}  // namespace netrig
