// What passes a token bucket, to the byte and within 3% of its rate. The bucket's clock decides, not the processor's
// load: in no time does more pass than its burst and its rate make, and as long as the queue is not empty, no less. Who
// is kept from sending or receiving for less than the burst is worth (200 ms) loses nothing, since the bucket saves it
// up; only the delay of the first and of the last packet counts, against seconds. It is no "sender limit" either.
#include <netrig/net/literals.h>
#include <netrig/suites/tools.h>
#include <netrig/topology/lab.h>
#include <netrig/topology/measure.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace netrig {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;

constexpr double kRate = 20e6;           // bit/s
constexpr double kBurst = 500'000;       // bytes
constexpr double kWithin = 0.03;         // of the rate
constexpr double kRounded = 1e-3;        // tc and the kernel round rate and burst to ticks of their own
constexpr double kPayload = 10'000'000;  // bytes: four seconds

class TokenBuckets : public ::testing::TestWithParam<AddressFamily> {
 protected:
  void SetUp() override {
    NETRIG_NEEDS_SANDBOX();
    NETRIG_NEEDS_TOOL("tc");
    Topology topology;
    const auto left = topology.host("left");
    const auto right = topology.host("right");
    topology.link(left, right);
    lab_.emplace(topology);
    const auto made = (*lab_)["left"].exec(
        {"tc", "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", "20mbit", "burst", "500000", "limit", "4m"});
    if (made.both.contains("qdisc kind is unknown"))
      NETRIG_SKIP("qdisc-tbf", "this kernel has no token bucket filter: " << made.both);
    ASSERT_TRUE(made.success()) << made;
  }
  /// Of Ethernet and IP, which the bucket counts.
  static double headers() { return 14 + (GetParam() == AddressFamily::ipv4 ? 20 : 40); }
  /// `arrived` bytes on the wire at the least and `sent` at the most, from a full bucket.
  static void expect_rate(double arrived, double sent, std::chrono::nanoseconds elapsed) {
    const double seconds = std::chrono::duration<double>{elapsed}.count();
    EXPECT_LE(8 * (arrived - kBurst) / seconds, kRate * (1 + kRounded)) << "more than the bucket gives";
    EXPECT_GE(8 * (sent - kBurst) / seconds, kRate * (1 - kWithin)) << "after " << seconds << " s";
  }
  std::optional<Lab> lab_;
};
INSTANTIATE_TEST_SUITE_P(BothFamilies, TokenBuckets, ::testing::ValuesIn(kAddressFamilies),
                         [](const auto& family) { return family.param == AddressFamily::ipv4 ? "IPv4" : "IPv6"; });

TEST_P(TokenBuckets, GiveTcpTheirRate) {
  constexpr double kTcpHeader = 32;  // with time-stamps
  traffic::TcpLoad load;
  load.bytes = ByteCount{static_cast<std::uint64_t>(kPayload)};
  load.run.patience = 60s;
  const auto result = measure((*lab_)["left"], (*lab_)["right"], load, GetParam());
  ASSERT_EQ(result.streams.size(), 1U);
  const auto& stream = result.streams[0];
  const auto segments = static_cast<double>(stream.segments_sent), again = static_cast<double>(stream.retransmits);
  const double each = headers() + kTcpHeader;
  expect_rate(kPayload + (segments - again) * each, kPayload + segments * each + again * stream.mss, result.elapsed);
  EXPECT_THAT(result.spoilers(), IsEmpty());
}

TEST_P(TokenBuckets, GiveDatagramsTheirRate) {
  constexpr double kUdpHeader = 8;
  traffic::UdpLoad load;
  load.payload = 1400;
  load.rate = 40_mbit;
  load.packets = static_cast<std::uint64_t>(kPayload) / load.payload;
  load.segmentation = false;
  load.run.patience = 60s;
  const auto result = measure((*lab_)["left"], (*lab_)["right"], load, GetParam());
  const double each = static_cast<double>(load.payload) + kUdpHeader + headers();
  EXPECT_EQ(result.sent, *load.packets);
  EXPECT_EQ(result.refused, 0U);
  expect_rate(static_cast<double>(result.received) * each, static_cast<double>(result.sent) * each, result.elapsed);
  EXPECT_THAT(result.spoilers(), IsEmpty());
}

}  // namespace
}  // namespace netrig
