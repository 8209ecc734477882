// Measurements by nodes, over a cable. What the measurements promise stands in framework/traffic and suites/traffic.
#include <netrig/topology/lab.h>
#include <netrig/topology/measure.h>
#include <netrig/topology/test_topologies.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netrig {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using traffic::TcpLoad;

TcpLoad four_megabytes() {
  TcpLoad load;
  load.bytes = ByteCount{4 << 20};
  load.run.patience = 60s;
  return load;
}

TEST(Measure, GoesFromNodeToNodeInBothFamilies) {
  const Lab lab{test::pair()};
  for (const auto family : kAddressFamilies) {
    const auto result = measure(lab["left"], lab["right"], four_megabytes(), family);
    ASSERT_EQ(result.streams.size(), 1U);
    EXPECT_EQ(result.streams[0].from.address, lab["left"].address(family));
    EXPECT_EQ(result.streams[0].to.address, lab["right"].address(family));
    EXPECT_EQ(result.received.value(), 4U << 20);
  }
}

TEST(Measure, TakesEveryKindOfLoad) {
  const Lab lab{test::pair()};
  const auto left = lab["left"], right = lab["right"];
  for (const auto family : kAddressFamilies) {
    EXPECT_EQ(
        measure(left, right, traffic::UdpLoad{.rate = Bandwidth::bits_per_second(100'000'000), .packets = 50}, family)
            .received,
        50U);
    EXPECT_EQ(measure(left, right, traffic::LatencyLoad{.rate = 0, .count = 50}, family).times.count(), 50U);
    EXPECT_EQ(measure(left, right, traffic::ConnectionLoad{.count = 50}, family).connections, 50U);
    EXPECT_EQ(
        measure(left, right, traffic::LatencyLoad{.rate = 0, .count = 50}, TcpLoad{}, family).requests.times.count(),
        50U);
  }
}

TEST(Measure, NamesTheNodeWhereItCannotBegin) {
  const Lab lab{test::pair()};
  const auto taken = lab["right"].listen(traffic::tcp(5201));
  auto load = four_megabytes();
  load.run.port = Port{5201};
  EXPECT_THAT(test::error_of([&] { (void)measure(lab["left"], lab["right"], load); }),
              HasSubstr("serve tcp port 5201 in \"right\": EADDRINUSE"));
}

}  // namespace
}  // namespace netrig
