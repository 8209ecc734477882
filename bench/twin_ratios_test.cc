#include <netrig/bench/twin_ratios.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace netrig::bench {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(TwinRatiosTest, AreOfMediansUnderTheSameName) {
  const auto ratios = twin_ratios({{"Tcp/veth/streams:1", {9.0, 10.0, 90.0}},
                                   {"Iperf3/Tcp/veth/streams:1", {5.0, 4.0, 4.5}},
                                   {"Iperf3/Tcp/veth/streams:2", {1.0}}});
  ASSERT_THAT(ratios, SizeIs(1));
  EXPECT_EQ(ratios[0].twin, "Iperf3/Tcp/veth/streams:1");
  EXPECT_DOUBLE_EQ(ratios[0].ratio, 10.0 / 4.5);
  EXPECT_EQ(ratios[0].repetitions, 3U);
}

TEST(TwinRatiosTest, HaveAnIntervalOfSeveralRepetitions) {
  const auto ratios =
      twin_ratios({{"Latency/veth/udp", {20.0, 21.0, 19.0}}, {"Raw/Latency/veth/udp", {10.0, 10.5, 9.5}}});
  ASSERT_THAT(ratios, SizeIs(1));
  ASSERT_TRUE(ratios[0].interval);
  EXPECT_LT(ratios[0].interval->low, 2.0);
  EXPECT_GT(ratios[0].interval->high, 2.0);
}

TEST(TwinRatiosTest, HaveNoIntervalOfASingleOne) {
  const auto ratios = twin_ratios({{"A", {2.0}}, {"Sockperf/A", {1.0}}});
  ASSERT_THAT(ratios, SizeIs(1));
  EXPECT_FALSE(ratios[0].interval);
}

TEST(TwinRatiosTest, SayNothingWithoutATwin) { EXPECT_THAT(twin_ratios({{"Raw/A", {2.0}}, {"B", {1.0}}}), IsEmpty()); }

TEST(TwinRatiosTest, PrintOneLineEach) {
  std::ostringstream out;
  print(out, twin_ratios({{"A", {6.0, 6.0}}, {"Iperf3/A", {2.0, 2.0}}}));
  EXPECT_THAT(out.str(), HasSubstr("A "));
  EXPECT_THAT(out.str(), HasSubstr("over Iperf3/A:"));
  EXPECT_THAT(out.str(), HasSubstr("3.00x (median of 2; geometric means: 3.00x to 3.00x)\n"));
}

}  // namespace
}  // namespace netrig::bench
