#include <netrig/net/text.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netrig {
inline namespace net {
namespace {

TEST(Quote, EscapesWhatCannotBeShownOnOneLine) {
  EXPECT_EQ(quote("plain text"), R"("plain text")");
  EXPECT_EQ(quote(std::string_view{"a\0\n\t\"\\\x7f\xc3", 8}), R"("a\x00\n\t\"\\\x7f\xc3")");
}

TEST(Quote, ShowsTheBeginningOfLongText) {
  EXPECT_EQ(quote(std::string(64, 'x')), '"' + std::string(64, 'x') + '"');
  EXPECT_EQ(quote(std::string(1'000'000, 'x')), '"' + std::string(64, 'x') + "\"... (1000000 bytes)");
}

}  // namespace
}  // namespace net
}  // namespace netrig
