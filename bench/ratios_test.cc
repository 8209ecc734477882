#include <netrig/bench/ratios.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace netrig::bench {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(PromisesTest, SayNothingOfWhatWasNotMeasured) {
  EXPECT_THAT(promises({{"LabSetup/bridge/3", {4.0}}, {"RawFloor/bridge/10", {9.0}}}), IsEmpty());
}

TEST(PromisesTest, CompareALabWithTheFloorOfItsOwnSize) {
  const auto judged = promises({{"LabSetup/bridge/10", {12.0}}, {"RawFloor/bridge/10", {10.0}}});
  ASSERT_THAT(judged, SizeIs(1));
  EXPECT_DOUBLE_EQ(judged[0].value, 1.2);
  EXPECT_TRUE(judged[0].met());
}

TEST(PromisesTest, TakeTheMedianOfTheRepetitions) {
  const auto judged = promises({{"LabCycle/p2p", {4.0, 100.0, 5.0}}});
  ASSERT_THAT(judged, SizeIs(1));
  EXPECT_DOUBLE_EQ(judged[0].value, 5.0);
}

TEST(PromisesTest, AskTheShellRecipeToBeSlower) {
  const auto fast = promises({{"ShellRecipe/bridge/3", {100.0}}, {"LabSetup/bridge/3", {4.0}}});
  const auto slow = promises({{"ShellRecipe/bridge/3", {100.0}}, {"LabSetup/bridge/3", {50.0}}});
  ASSERT_THAT(fast, SizeIs(1));
  ASSERT_THAT(slow, SizeIs(1));
  EXPECT_TRUE(fast[0].met());
  EXPECT_FALSE(slow[0].met());
}

TEST(PromisesTest, AskParallelLabsForNoMoreThanTheKernelAllows) {
  const auto judge_with_raw = [](double raw) {
    return promises({{"Parallel/64/serial", {100.0}},
                     {"Parallel/64/threads", {80.0}},
                     {"RawParallel/64/serial", {100.0}},
                     {"RawParallel/64/threads", {raw}}});
  };
  ASSERT_THAT(judge_with_raw(50), SizeIs(1));
  EXPECT_FALSE(judge_with_raw(50)[0].met());
  EXPECT_DOUBLE_EQ(judge_with_raw(50)[0].limit, 1.7);
  EXPECT_TRUE(judge_with_raw(90)[0].met());
}

TEST(PromisesTest, AskTheLastOfManyLabsToBeAsFastAsTheFirst) {
  const auto judged = promises({{"Cycle/10000 last : first", {1.2}}});
  ASSERT_THAT(judged, SizeIs(1));
  EXPECT_FALSE(judged[0].met());
}

TEST(PromisesTest, HoldBothWaysToLoadRulesAgainstNft) {
  const auto judged =
      promises({{"NftLoad/1000", {20.0}}, {"RulesetLoad/1000", {32.0}}, {"RulesetValues/1000", {10.0}}});
  ASSERT_THAT(judged, SizeIs(2));
  EXPECT_FALSE(judged[0].met());
  EXPECT_TRUE(judged[1].met());
}

TEST(PromisesTest, PrintTheTargetAndWhetherItWasMissed) {
  std::ostringstream out;
  print(out, promises({{"ProcessOverhead", {18.44}}}));
  EXPECT_THAT(out.str(), HasSubstr("ProcessOverhead"));
  EXPECT_THAT(out.str(), HasSubstr("18.44 ms  target: at most 15.00 ms  MISSED\n"));
}

}  // namespace
}  // namespace netrig::bench
