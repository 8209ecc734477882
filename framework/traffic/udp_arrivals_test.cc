#include <netrig/traffic/udp_side.h>

#include <gtest/gtest.h>

namespace netrig::traffic {
namespace {

using namespace std::chrono_literals;

UdpStream after(std::initializer_list<std::uint64_t> numbers) {
  Arrivals arrivals;
  std::int64_t now = 1000;
  for (const auto number : numbers) {
    now += 100;
    arrivals.count(number, now - 500, now);
  }
  UdpStream stream;
  arrivals.tell(stream);
  return stream;
}

TEST(Arrivals, CountWhatCameOnceAgainAndAfterALaterOne) {
  const auto result = after({0, 2, 1, 1, 5, 3, 200, 5});
  EXPECT_EQ(result.received, 6U);
  EXPECT_EQ(result.duplicates, 2U);
  EXPECT_EQ(result.reordered, 2U);  // 1 and 3
}

TEST(Arrivals, ExpectAllUpToTheGreatestNumber) {
  Arrivals arrivals;
  EXPECT_EQ(arrivals.expected(), 0U);
  for (const std::uint64_t number : {0U, 7U, 3U}) arrivals.count(number, 0, 1);
  EXPECT_EQ(arrivals.expected(), 8U);
  EXPECT_EQ(arrivals.received(), 3U);
}

// RFC 3550, 6.4.1: J += (|D| - J) / 16.
TEST(Arrivals, SmoothTheJitterAsTheRfcDoes) {
  Arrivals arrivals;
  arrivals.count(0, 0, 1'000);
  arrivals.count(1, 10'000, 12'600);  // 1,600 ns later than the first
  EXPECT_EQ(arrivals.jitter(), 100ns);
  arrivals.count(2, 20'000, 22'600);   // as late as the one before
  EXPECT_EQ(arrivals.jitter(), 93ns);  // 93.75
}

}  // namespace
}  // namespace netrig::traffic
