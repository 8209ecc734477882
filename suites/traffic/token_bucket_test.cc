// What passes a token bucket, to the byte and within 3% of its rate. The bucket's clock decides, not the processor's
// load: in no time does more pass than its burst and its rate make, and as long as the queue is not empty, no less. Who
// is kept from sending for less than the burst is worth (800 ms) loses nothing, since the bucket saves it up. Who is
// kept from receiving is behind in some samples: of those in two seconds, the one that is least behind counts. What the
// result says of the whole run is judged as well, but for the longest time in which no sample saw anything arrive. It
// is no "sender limit" either.
#include <netrig/net/literals.h>
#include <netrig/suites/tools.h>
#include <netrig/topology/lab.h>
#include <netrig/topology/measure.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace netrig {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;

constexpr double kRate = 5e6;           // bit/s
constexpr double kBurst = 500'000;      // bytes
constexpr double kWithin = 0.03;        // of the rate
constexpr double kRounded = 1e-3;       // tc and the kernel round rate and burst to ticks of their own
constexpr double kPayload = 5'500'000;  // bytes: eight seconds
// Of the samples: the burst is used up in those at the beginning, and the queue not empty in those at the end.
constexpr std::chrono::nanoseconds kBegin = 1s, kEnd = 5500ms, kLength = 2s;

double in_seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>{time}.count(); }

// How much had arrived when.
class Samples {
 public:
  /// To be told at once of what was counted after `to`: much later, and it is not known when.
  void add(const traffic::Interval& interval) {
    received_ += static_cast<double>(interval.received.value());
    const auto delay = std::chrono::steady_clock::now().time_since_epoch() - interval.to;
    shortest_ = std::min<std::chrono::nanoseconds>(shortest_, delay);
    samples_.push_back({interval.to, delay, received_});
    if (interval.received.value() == 0) return;
    pause_ = std::max(pause_, interval.to - last_);
    last_ = interval.to;
    seen_ = std::chrono::steady_clock::now();
  }
  /// The longest time from one sample in which something arrived to the next.
  [[nodiscard]] std::chrono::nanoseconds pause() const { return pause_; }
  /// Bytes, all told.
  [[nodiscard]] double received() const { return received_; }
  /// Until the last sample in which something arrived was told, since before the measurement.
  [[nodiscard]] std::chrono::nanoseconds seen() const { return seen_ - began_; }
  /// In bit/s, each byte being `weight` bytes on the wire.
  [[nodiscard]] double rate(double weight) const {
    return kRate + 8 * (furthest(kEnd, weight) - furthest(kBegin, weight)) / in_seconds(kEnd - kBegin);
  }

 private:
  struct Sample {
    std::chrono::nanoseconds to, delay;
    double received;
  };
  // The most bytes that one was ahead of the bucket's rate.
  [[nodiscard]] double furthest(std::chrono::nanoseconds from, double weight) const {
    double most = -std::numeric_limits<double>::infinity();
    for (const auto& [to, delay, received] : samples_) {
      if (to < from || to >= from + kLength || delay > shortest_ + 2ms) continue;
      most = std::max(most, weight * received - kRate / 8 * in_seconds(to));
    }
    return most;
  }

  std::vector<Sample> samples_;
  std::chrono::nanoseconds shortest_ = std::chrono::nanoseconds::max(), pause_{}, last_{};
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now(), seen_ = began_;
  double received_ = 0;
};

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
        {"tc", "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", "5mbit", "burst", "500000", "limit", "4m"});
    if (made.both.contains("qdisc kind is unknown"))
      NETRIG_SKIP("qdisc-tbf", "this kernel has no token bucket filter: " << made.both);
    ASSERT_TRUE(made.success()) << made;
  }
  /// Of Ethernet and IP, which the bucket counts.
  static double headers() { return 14 + (GetParam() == AddressFamily::ipv4 ? 20 : 40); }
  /// `arrived` bytes on the wire at the least, from a full bucket.
  static void expect_no_more(double arrived, std::chrono::nanoseconds elapsed) {
    EXPECT_LE(8 * (arrived - kBurst) / in_seconds(elapsed), kRate * (1 + kRounded)) << "more than the bucket gives";
  }
  void expect_rate(double weight) const {
    EXPECT_GE(samples_.rate(weight), kRate * (1 - kWithin));
    EXPECT_LE(samples_.rate(weight), kRate * (1 + kWithin));
  }
  /// What the result says of the whole run: of a burst, and of the rate from then on.
  void expect_goodput(Bandwidth goodput, std::chrono::nanoseconds elapsed, ByteCount received, double weight) const {
    const double told = static_cast<double>(goodput.bits_per_second()) * weight * in_seconds(elapsed) - 8 * kBurst;
    EXPECT_GE(told / in_seconds(elapsed - samples_.pause()), kRate * (1 - kWithin)) << "after " << in_seconds(elapsed);
    EXPECT_LE(told / in_seconds(elapsed), kRate * (1 + kWithin)) << "after " << in_seconds(elapsed);
    EXPECT_DOUBLE_EQ(samples_.received(), static_cast<double>(received.value()));
    EXPECT_LE(elapsed, samples_.seen());
  }
  void sample(traffic::RunOptions& run) {
    run.interval = 20ms;
    run.on_interval = [this](const traffic::Interval& interval) { samples_.add(interval); };
    run.patience = 60s;
  }
  Samples samples_;
  std::optional<Lab> lab_;
};
INSTANTIATE_TEST_SUITE_P(BothFamilies, TokenBuckets, ::testing::ValuesIn(kAddressFamilies),
                         [](const auto& family) { return family.param == AddressFamily::ipv4 ? "IPv4" : "IPv6"; });

TEST_P(TokenBuckets, GiveTcpTheirRate) {
  constexpr double kTcpHeader = 32;  // with time-stamps
  traffic::TcpLoad load;
  load.bytes = ByteCount{static_cast<std::uint64_t>(kPayload)};
  sample(load.run);
  const auto result = measure((*lab_)["left"], (*lab_)["right"], load, GetParam());
  ASSERT_EQ(result.streams.size(), 1U);
  const auto& stream = result.streams[0];
  const auto segments = static_cast<double>(stream.segments_sent), again = static_cast<double>(stream.retransmits);
  const double each = headers() + kTcpHeader;
  expect_no_more(kPayload + (segments - again) * each, result.elapsed);
  expect_rate(1 + segments * each / kPayload);
  expect_goodput(result.goodput(), result.elapsed, result.counted, 1 + segments * each / kPayload);
  EXPECT_THAT(result.spoilers(), IsEmpty());
}

TEST_P(TokenBuckets, GiveDatagramsTheirRate) {
  constexpr double kUdpHeader = 8;
  traffic::UdpLoad load;
  load.payload = 1400;
  load.rate = 10_mbit;
  load.packets = static_cast<std::uint64_t>(kPayload) / load.payload;
  load.segmentation = false;
  sample(load.run);
  const auto result = measure((*lab_)["left"], (*lab_)["right"], load, GetParam());
  const double each = static_cast<double>(load.payload) + kUdpHeader + headers();
  EXPECT_EQ(result.sent, *load.packets);
  EXPECT_EQ(result.refused, 0U);
  expect_no_more(static_cast<double>(result.received) * each, result.elapsed);
  expect_rate(each / static_cast<double>(load.payload));
  expect_goodput(result.goodput(), result.elapsed, result.bytes, each / static_cast<double>(load.payload));
  EXPECT_THAT(result.spoilers(), IsEmpty());
}

}  // namespace
}  // namespace netrig
