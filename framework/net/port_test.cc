#include <netrig/net/port.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netrig {
inline namespace net {
namespace {

TEST(Port, ParsesTheWholeRange) {
  EXPECT_EQ(Port::parse("0"), Port{0});
  EXPECT_EQ(Port::parse("65535"), Port{65535});
}

TEST(Port, MalformedTextIsAnErrorThatQuotesIt) {
  for (const auto* text : {"", "65536", "-1", "+80", "080", "80 ", "http", "0x50", "18446744073709551696"}) {
    ASSERT_FALSE(Port::parse(text)) << text;
    EXPECT_EQ(Port::parse(text).error().message(),
              std::string{"parse port \""} + text + "\": it has to be a number of 0 to 65535, without leading zeros");
  }
}

TEST(PortRange, ParsesAndPrintsOneOrMore) {
  EXPECT_EQ(PortRange::parse("80"), PortRange{80});
  EXPECT_EQ(PortRange::parse("8000-8080").value().to_string(), "8000-8080");
  EXPECT_EQ(PortRange{80}.to_string(), "80");
}

TEST(PortRange, MalformedTextIsAnErrorThatQuotesIt) {
  EXPECT_EQ(PortRange::parse("90-80").error().message(), R"(parse ports "90-80": the lower one comes first)");
  EXPECT_EQ(PortRange::parse("80-").error().message(),
            R"(parse ports "80-": they are like 80 or 8000-8080, up to 65535)");
  EXPECT_FALSE(PortRange::parse("1-2-3"));
}

TEST(PortRange, HoldsBothEnds) {
  const PortRange range{8000, 8080};
  EXPECT_EQ(range.size(), 81U);
  EXPECT_TRUE(range.contains(Port{8000}));
  EXPECT_TRUE(range.contains(Port{8080}));
  EXPECT_FALSE(range.contains(Port{8081}));
  EXPECT_EQ((PortRange{0, 65535}).size(), 65536U);
}

TEST(PortRange, UpsideDownHoldsNoPort) {
  const PortRange range{90, 80};
  EXPECT_EQ(range.size(), 0U);
  EXPECT_FALSE(range.contains(Port{85}));
}

}  // namespace
}  // namespace net
}  // namespace netrig
