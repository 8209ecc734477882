// When nothing more being heard is death, and when it is loss.
#include <netrig/traffic/silence.h>

#include <gtest/gtest.h>

namespace netrig::traffic {
namespace {

using namespace std::chrono_literals;

// A path that lost nothing, dead after a fifth of a second.
Silence dead() { return {.sent = 1000, .heard = 200, .up_to = 200, .sending = 1s, .silent = 800ms}; }

TEST(Silence, OfMostOfTheTimeIsDeath) {
  EXPECT_TRUE(dead().is_death());
  auto in_a_burst_at_the_end = dead();
  in_a_burst_at_the_end.silent = 101ms;
  EXPECT_TRUE(in_a_burst_at_the_end.is_death());
}

TEST(Silence, OfALittleAtTheEndIsLoss) {
  EXPECT_FALSE((Silence{.sent = 1000, .heard = 600, .up_to = 600, .sending = 1s, .silent = 400ms}.is_death()));
  EXPECT_FALSE((Silence{.sent = 1000, .heard = 1000, .up_to = 1000, .sending = 1s, .silent = -1ms}.is_death()));
}

TEST(Silence, OfNoTimeIsABufferThatWasFull) {
  auto brief = dead();
  brief.sending = brief.silent = 99ms;
  EXPECT_FALSE(brief.is_death());
}

TEST(Silence, ThatTheLossBeforeExplainsIsNotDeath) {
  auto lossy = dead();
  lossy.heard = 4;  // one in fifty: sixteen more were to come
  EXPECT_FALSE(lossy.is_death());
  lossy.heard = 5;
  EXPECT_TRUE(lossy.is_death());
}

TEST(Silence, AfterARefusalNeedsNoTime) {
  Silence refused{.sent = 105, .heard = 100, .up_to = 100, .sending = 1s, .silent = 1ms};
  EXPECT_FALSE(refused.is_death());
  refused.refused = true;
  EXPECT_TRUE(refused.is_death());
  refused.sent = 104;
  EXPECT_FALSE(refused.is_death());
}

// Nine of ten, in the second half alone: ten in a row are no more than was to be expected, on the whole five.
TEST(Silence, NoLongerThanWhatThePathCameBackFromIsLoss) {
  Silence worse{.sent = 1000, .heard = 548, .up_to = 990, .gap = 9, .sending = 1s, .silent = 10ms, .refused = true};
  EXPECT_FALSE(worse.is_death());
  worse.sent = 990 + 2 * 9 + 5;
  EXPECT_TRUE(worse.is_death());
  auto often = dead();
  often.gap = 400;
  EXPECT_FALSE(often.is_death());
  often.gap = 399;
  EXPECT_TRUE(often.is_death());
}

TEST(Silence, WithoutAnythingBeforeIsAnothersError) {
  EXPECT_FALSE((Silence{.sent = 1000, .sending = 1s, .silent = 1s, .refused = true}.is_death()));
}

}  // namespace
}  // namespace netrig::traffic
