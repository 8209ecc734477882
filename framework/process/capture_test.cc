#include <netrig/process/capture.h>

#include <gtest/gtest.h>

namespace netrig::process {
namespace {

TEST(CaptureTest, KeepsEverythingWithinTheLimit) {
  Capture capture{8};
  capture.append("1234");
  capture.append("5678");
  EXPECT_EQ(capture.text(), "12345678");
}

TEST(CaptureTest, KeepsBeginningAndEndAndCountsTheMiddle) {
  Capture capture{8};
  for (const char c : std::string_view{"abcdefghijklmnopqrstuvwxyz"}) capture.append({&c, 1});
  EXPECT_EQ(capture.text(), "ab\n[... 18 bytes dropped ...]\nuvwxyz");
  EXPECT_EQ(capture.total(), 26U);
}

TEST(CaptureTest, TakesAPieceBeyondItsLimit) {
  Capture capture{8};
  capture.append("abcdefghijklmnopqrstuvwxyz");
  EXPECT_EQ(capture.text(), "ab\n[... 18 bytes dropped ...]\nuvwxyz");
}

TEST(CaptureTest, OfNothingKeepsNothing) {
  Capture capture{0};
  capture.append("abc");
  EXPECT_EQ(capture.text(), "\n[... 3 bytes dropped ...]\n");
}

}  // namespace
}  // namespace netrig::process
