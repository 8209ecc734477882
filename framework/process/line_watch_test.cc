#include <netrig/process/line_watch.h>

#include <gtest/gtest.h>

namespace netrig::process {
namespace {

LineWatch watch(const std::string& text, bool is_pattern = false) {
  return value_or_throw(LineWatch::create({.text = text, .is_pattern = is_pattern}));
}

TEST(LineWatchTest, SeesTextThatComesInPieces) {
  auto ready = watch("ready");
  ready.feed(Stream::out, "not yet\nre");
  EXPECT_FALSE(ready.seen());
  ready.feed(Stream::out, "ady");
  EXPECT_TRUE(ready.seen());
}

TEST(LineWatchTest, KeepsTheStreamsApart) {
  auto ready = watch("ready");
  ready.feed(Stream::out, "re");
  ready.feed(Stream::err, "ady\n");
  EXPECT_FALSE(ready.seen());
  ready.feed(Stream::out, "ady");
  EXPECT_TRUE(ready.seen());
}

TEST(LineWatchTest, MatchesAPatternOnCompleteLinesOnly) {
  auto ready = watch("^listening on [0-9]+$", true);
  ready.feed(Stream::out, "listening on 80");
  EXPECT_FALSE(ready.seen());
  ready.feed(Stream::out, "80 ports\nlistening on 8080\n");
  EXPECT_TRUE(ready.seen());
}

TEST(LineWatchTest, DoesNotSeeATextAcrossLines) {
  auto ready = watch("ready");
  ready.feed(Stream::out, "rea\ndy\n");
  EXPECT_FALSE(ready.seen());
}

TEST(LineWatchTest, RefusesAMalformedPattern) {
  const auto refused = LineWatch::create({.text = "a(b", .is_pattern = true});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message(), "wait for a line that matches \"a(b\": Unmatched ( or \\(: see regex(7)");
}

}  // namespace
}  // namespace netrig::process
