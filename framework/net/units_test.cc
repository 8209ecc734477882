#include <netrig/net/literals.h>
#include <netrig/net/units.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace netrig {
inline namespace net {
namespace {

using namespace std::chrono_literals;

TEST(Bandwidth, UnitsAreDecimal) {
  EXPECT_EQ((100_mbit).bits_per_second(), 100'000'000U);
  EXPECT_EQ(Bandwidth::parse("100mbit"), 100_mbit);
  EXPECT_EQ(Bandwidth::parse("5Gbit"), 5_gbit);
  EXPECT_EQ(Bandwidth::parse("9bit"), 9_bit);
  EXPECT_EQ(Bandwidth::parse("2tbit"), 2000_gbit);
}

TEST(Bandwidth, TakesFractionsThatAreWholeBits) {
  EXPECT_EQ(Bandwidth::parse("2.5gbit"), 2500_mbit);
  EXPECT_EQ(Bandwidth::parse("0.000001mbit"), 1_bit);
  EXPECT_EQ(Bandwidth::parse("1.50000000000000000000kbit"), 1500_bit);
}

TEST(Bandwidth, PrintsAsTc) {
  EXPECT_EQ((100_mbit).to_string(), "100Mbit");
  EXPECT_EQ((1500_kbit).to_string(), "1500Kbit");
  EXPECT_EQ((1000_gbit).to_string(), "1Tbit");
  EXPECT_EQ(Bandwidth{}.to_string(), "0bit");
}

TEST(Bandwidth, MalformedTextIsAnErrorThatQuotesItAndSaysWhy) {
  constexpr auto kUnit = "it needs a number and a unit of bit, kbit, mbit, gbit or tbit, as in 100mbit";
  EXPECT_EQ(Bandwidth::parse("100").error().message(), std::string{R"(parse bandwidth "100": )"} + kUnit);
  for (const auto* text : {"100mibit", "100mbps", "100 mbit", "100m", "", "100pbit"}) {
    ASSERT_FALSE(Bandwidth::parse(text)) << text;
    EXPECT_EQ(Bandwidth::parse(text).error().detail, kUnit);
  }
  EXPECT_EQ(Bandwidth::parse("mbit").error().detail, "a number is missing");
  EXPECT_EQ(Bandwidth::parse("1.0005kbit").error().detail, "it is no whole number: write it in a smaller unit");
  EXPECT_EQ(Bandwidth::parse("1.5.5kbit").error().detail, "a number has something other than decimal digits");
  EXPECT_EQ(Bandwidth::parse("1.kbit").error().detail, "digits are missing after the point");
  EXPECT_EQ(Bandwidth::parse("18446745tbit").error().detail, "a number is too great");
  EXPECT_EQ(Bandwidth::parse("18446744.9tbit").error().detail, "a number is too great");
}

TEST(ByteCount, UnitsAreDecimal) {
  EXPECT_EQ((64_kbyte).value(), 64'000U);
  EXPECT_EQ(ByteCount::parse("1.5mbyte"), 1500_kbyte);
  EXPECT_EQ((64_kbyte).to_string(), "64kbyte");
  EXPECT_EQ((1_gbyte + 1_byte).to_string(), "1000000001byte");
  EXPECT_EQ(
      ByteCount::parse("64k").error().message(),
      R"(parse byte count "64k": it needs a number and a unit of byte, kbyte, mbyte, gbyte or tbyte, as in 64kbyte)");
}

TEST(Units, ParseWhatTheyPrint) {
  std::mt19937_64 random{1000};
  for (int round = 0; round < 2000; ++round) {
    auto number = random() >> random() % 64;
    for (auto zeros = random() % 5; zeros > 0 && number < ~0ULL / 1000; --zeros) number *= 1000;
    const auto bandwidth = Bandwidth::bits_per_second(number);
    EXPECT_EQ(Bandwidth::parse(bandwidth.to_string()), bandwidth);
    EXPECT_EQ(ByteCount::parse(ByteCount{number}.to_string()), ByteCount{number});
  }
}

TEST(Units, RateAndTransferTimeAreInverse) {
  EXPECT_EQ(rate(125_mbyte, 1s), 1_gbit);
  EXPECT_EQ(transfer_time(125_mbyte, 1_gbit), 1s);
  EXPECT_EQ(transfer_time(1_byte, 3_bit), 2666666667ns) << "rounded up";
  EXPECT_EQ(rate(1_byte, 3s), 2_bit) << "rounded down";
}

TEST(Units, RateAndTransferTimeSaturate) {
  EXPECT_EQ(rate(1_byte, 0ns), Bandwidth::bits_per_second(~0ULL));
  EXPECT_EQ(rate(ByteCount{~0ULL}, 1ns), Bandwidth::bits_per_second(~0ULL));
  EXPECT_EQ(transfer_time(1_byte, Bandwidth{}), std::chrono::nanoseconds::max());
  EXPECT_EQ(transfer_time(ByteCount{~0ULL}, 1_bit), std::chrono::nanoseconds::max());
}

}  // namespace
}  // namespace net
}  // namespace netrig
