#include <netrig/net/interface_name.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netrig {
inline namespace net {
namespace {

TEST(InterfaceName, TakesWhatTheKernelTakes) {
  for (const std::string_view text : {"eth0", "lo", "br-1234567890ab", "eth0.100", "\xc3\xa4", "a@b", "-", "..."}) {
    ASSERT_TRUE(InterfaceName::parse(text)) << text;
    EXPECT_EQ(InterfaceName::parse(text).value().view(), text);
    EXPECT_STREQ(InterfaceName::parse(text).value().c_str(), std::string{text}.c_str());
  }
}

TEST(InterfaceName, SaysWhyNot) {
  const auto why = [](std::string_view text) { return InterfaceName::parse(text).error().detail; };
  EXPECT_EQ(why(""), "it is empty");
  EXPECT_EQ(why("sixteen-bytes-xx"), "it is over 15 bytes long: shorten it");
  EXPECT_EQ(why("."), "the kernel reserves . and ..");
  EXPECT_EQ(why(".."), "the kernel reserves . and ..");
  EXPECT_EQ(why("all"), "the kernel keeps that word for settings of all interfaces");
  EXPECT_EQ(why("default"), "the kernel keeps that word for settings of all interfaces");
  EXPECT_EQ(why("a/b"), "it has a / or a : in it");
  EXPECT_EQ(why("eth0:1"), "it has a / or a : in it");
  EXPECT_EQ(why("a b"), "it has white space in it");
  EXPECT_EQ(why("a\vb"), "it has white space in it");
  EXPECT_EQ(why("a\xa0"), "it has white space in it");
  EXPECT_EQ(why("eth%d"), "it has a % in it, which asks the kernel for a number: give the number");
  EXPECT_EQ(why(std::string_view{"a\0b", 3}), "it has a zero byte in it");
}

TEST(InterfaceName, QuotesUnprintableTextSafely) {
  EXPECT_EQ(InterfaceName::parse("a\tb\x1b").error().message(),
            R"(parse interface name "a\tb\x1b": it has white space in it)");
}

TEST(InterfaceName, ConstructorThrowsForWhatIsNone) {
  EXPECT_THROW(InterfaceName{"a name far too long"}, SetupError);
  EXPECT_THROW(InterfaceName{std::string(300, 'x')}, SetupError);
}

TEST(InterfaceName, OrdersByBytesAndNoNameFirst) {
  EXPECT_TRUE(InterfaceName{}.empty());
  EXPECT_LT(InterfaceName{}, InterfaceName{"a"});
  EXPECT_LT(InterfaceName{"eth1"}, InterfaceName{"eth10"});
  EXPECT_EQ(InterfaceName::parse("eth1"), InterfaceName{"eth1"});
}

}  // namespace
}  // namespace net
}  // namespace netrig
