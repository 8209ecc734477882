// Intervals are checked against the t table (2.776445 at 4 degrees, 95%), rank tests against an enumeration.
#include <netrig/traffic/statistics.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace netrig::traffic {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::vector<double> kNine{9.12, 9.40, 9.43, 9.41, 9.45, 9.39, 9.44, 9.42, 9.46};

TEST(Statistics, SummarizesSamples) {
  const auto found = value_or_throw(summarize(std::vector{1.0, 2.0, 3.0, 4.0, 5.0}));
  EXPECT_EQ(found.count, 5U);
  EXPECT_DOUBLE_EQ(found.mean, 3);
  EXPECT_DOUBLE_EQ(found.median, 3);
  EXPECT_NEAR(found.deviation, 1.5811388, 1e-6);
  EXPECT_NEAR(found.mean_interval.low, 1.036757, 1e-5);
  EXPECT_NEAR(found.mean_interval.high, 4.963243, 1e-5);
  EXPECT_NEAR(found.relative_half_width(), 0.654414, 1e-5);
  EXPECT_NEAR(found.coefficient_of_variation(), 0.527046, 1e-5);
}

TEST(Statistics, NamesOutliersAndKeepsThem) {
  const auto found = value_or_throw(summarize(kNine));
  EXPECT_THAT(found.outliers, ElementsAre(9.12));
  EXPECT_DOUBLE_EQ(found.least, 9.12);
  EXPECT_THAT(found.to_string("Gbit/s"), HasSubstr("9 samples), median 9.42, 9.12 to 9.46, 1 outlier (9.12)"));
}

TEST(Statistics, KnowsNothingOfTheSpreadOfOneSample) {
  const auto found = value_or_throw(summarize(std::vector{7.0}));
  EXPECT_EQ(found.mean_interval.low, -std::numeric_limits<double>::infinity());
  EXPECT_EQ(judge(found.mean_interval, at_least(1)), Judgement::inconclusive);
  EXPECT_EQ(found.to_string("ms"), "mean 7 ms (one sample)");
}

TEST(Statistics, InterpolatesQuantiles) {
  const std::vector<double> samples{4, 1, 3, 2};
  EXPECT_DOUBLE_EQ(quantile(samples, 0), 1);
  EXPECT_DOUBLE_EQ(quantile(samples, 0.5), 2.5);
  EXPECT_DOUBLE_EQ(quantile(samples, 0.25), 1.75);
  EXPECT_DOUBLE_EQ(quantile(samples, 1), 4);
  EXPECT_TRUE(std::isnan(quantile({}, 0.5)));
}

TEST(Statistics, RefusesWhatCannotBeEvaluated) {
  EXPECT_THAT(summarize({}).error().message(), HasSubstr("there are none"));
  EXPECT_THAT(summarize(std::vector{1.0, std::nan("")}).error().message(), HasSubstr("nan"));
  EXPECT_THAT(summarize(kNine, 95).error().message(), HasSubstr("confidence 95"));
  EXPECT_THAT(compare(kNine, std::vector{1.0}).error().message(), HasSubstr("two of each at least"));
  EXPECT_THAT(compare(kNine, std::vector{1.0, 0.0}).error().message(), HasSubstr("positive"));
  EXPECT_THAT(compare(kNine, kNine, {.tolerance = -1}).error().message(), HasSubstr("tolerance -1"));
  EXPECT_THAT(compare(kNine, kNine, {.level = 0}).error().message(), HasSubstr("level 0"));
}

TEST(RankTest, IsExactForFewSamples) {
  const std::vector<double> low{1, 2, 3}, high{4, 5, 6};
  EXPECT_NEAR(rank_test(low, high), 0.1, 1e-12);  // 2 of the 20 choices
  EXPECT_NEAR(rank_test(high, low), 0.1, 1e-12);
  EXPECT_NEAR(rank_test(std::vector{1.1, 2.2, 3.3, 4.4}, std::vector{2.1, 3.1, 5.1, 6.1, 7.1}), 36.0 / 126, 1e-12);
}

TEST(RankTest, ApproximatesWhereThereAreTies) {
  const std::vector<double> one{1, 2, 2, 3, 3, 4}, other{3, 4, 4, 5, 5, 6};
  EXPECT_NEAR(rank_test(one, other), 0.0181009, 1e-6);  // the enumeration has 0.0216
  EXPECT_DOUBLE_EQ(rank_test(std::vector{5.0, 5.0}, std::vector{5.0, 5.0}), 1);
  EXPECT_DOUBLE_EQ(rank_test({}, one), 1);
}

TEST(RankTest, AgreesExactAndApproximate) {
  std::vector<double> one, other;
  for (int i = 0; i < 20; ++i) one.push_back(i * 1.01), other.push_back(i + 4.005);
  const double exact = rank_test(one, other);
  one.push_back(8.5);  // 21 samples: beyond the exact range
  EXPECT_NEAR(rank_test(one, other), exact, 0.02);
}

TEST(Comparison, FindsAChange) {
  std::vector<double> slower;
  for (const double each : kNine) slower.push_back(each * 0.8);
  const auto found = value_or_throw(compare(kNine, slower));
  EXPECT_NEAR(found.ratio, 0.8, 1e-9);
  EXPECT_EQ(found.change, Change::lower);
  EXPECT_EQ(value_or_throw(compare(slower, kNine)).change, Change::higher);
  EXPECT_THAT(found.to_string(), HasSubstr("0.8x (0.79"));
  EXPECT_THAT(found.to_string(), HasSubstr("): lower"));
}

TEST(Comparison, TellsNoChangeFromNotKnowing) {
  EXPECT_EQ(value_or_throw(compare(kNine, kNine)).change, Change::none);
  const std::vector<double> wild{1, 20, 3, 15, 6}, wilder{2, 18, 25, 4, 7};
  EXPECT_EQ(value_or_throw(compare(wild, wilder)).change, Change::inconclusive);
}

// What a regression detector is judged by. Seeded: the same on every run.
TEST(Comparison, FlagsADropOfAFifthAndNothingElse) {
  std::mt19937 generator{7};
  std::normal_distribution<double> noise{1, 0.03};
  const auto nine = [&](double level) {
    std::vector<double> samples;
    for (int i = 0; i < 9; ++i) samples.push_back(level * noise(generator));
    return samples;
  };
  for (int run = 0; run < 200; ++run) {
    EXPECT_EQ(value_or_throw(compare(nine(10), nine(8))).change, Change::lower);
    const auto same = value_or_throw(compare(nine(10), nine(10))).change;
    EXPECT_TRUE(same == Change::none || same == Change::inconclusive);
  }
}

TEST(Judge, HasThreeAnswers) {
  EXPECT_EQ(judge({5, 6}, at_least(5)), Judgement::holds);
  EXPECT_EQ(judge({3, 4}, at_least(5)), Judgement::fails);
  EXPECT_EQ(judge({4, 6}, at_least(5)), Judgement::inconclusive);
  EXPECT_EQ(judge({4, 6}, at_most(6)), Judgement::holds);
  EXPECT_EQ(judge({4, 6}, between(0, 5)), Judgement::inconclusive);
  EXPECT_EQ(judge({7, 8}, between(0, 5)), Judgement::fails);
  EXPECT_EQ(to_string(Judgement::inconclusive), "inconclusive");
}

}  // namespace
}  // namespace netrig::traffic
