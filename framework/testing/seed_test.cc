#include <netrig/testing/seed.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace netrig {
namespace {

class SeedTest : public testing::Test {
 protected:
  void SetUp() override {
    ::unsetenv("NETRIG_SEED");
    GTEST_FLAG_SET(random_seed, 0);
  }
};

TEST_F(SeedTest, FollowsFromTheNameOfTheTest) {
  EXPECT_EQ(seed(), seed_of("SeedTest.FollowsFromTheNameOfTheTest"));
  EXPECT_EQ(seed(), 89742U);  // for ever: who reads of it in an old log can repeat it
}

TEST_F(SeedTest, ComesFromTheEnvironment) {
  ::setenv("NETRIG_SEED", "7141", 1);
  EXPECT_EQ(seed(), 7141U);
}

TEST_F(SeedTest, ComesFromTheFlagFirst) {
  ::setenv("NETRIG_SEED", "7141", 1);
  GTEST_FLAG_SET(random_seed, 12);
  EXPECT_EQ(seed(), 12U);
}

TEST_F(SeedTest, GivesTheSameNumbersEachTime) {
  auto one = seeded_generator(), other = seeded_generator();
  EXPECT_EQ(one(), other());
  ::setenv("NETRIG_SEED", "7141", 1);
  auto given = seeded_generator();
  EXPECT_NE(one(), given());
}

TEST_F(SeedTest, IsRefusedWhereItIsNone) {
  for (const char* text : {"0", "-1", "100000", "abc", "12x", "99999999999"}) {
    ::setenv("NETRIG_SEED", text, 1);
    const auto given = given_seed();
    ASSERT_FALSE(given.has_value()) << text;
    EXPECT_THAT(given.error().message(), testing::HasSubstr("give a number from 1 to 99999")) << text;
  }
}

}  // namespace
}  // namespace netrig
