#include <netrig/base/error.h>
#include <netrig/base/result.h>

#include <gtest/gtest.h>

#include <cerrno>
#include <sstream>

namespace netrig {
namespace {

TEST(Error, ReadsLikeTheCommandThatFailed) {
  const auto error =
      Error::from_errno("add route 10.0.2.0/24 via 10.0.1.1", "client", ENETUNREACH, "Nexthop has invalid gateway");
  EXPECT_EQ(error.message(),
            "add route 10.0.2.0/24 via 10.0.1.1 in \"client\": ENETUNREACH (Network is unreachable): Nexthop has "
            "invalid gateway");
}

TEST(Error, LeavesEmptyPartsOut) {
  EXPECT_EQ(Error::invalid("parse address", "", "\"10.0.0\" has three parts").message(),
            "parse address: \"10.0.0\" has three parts");
}

TEST(Error, PrintsAnUnknownNumberAsItIs) { EXPECT_EQ(describe_errno(54321), "errno 54321"); }

Result<int> half(int n) {
  if (n % 2 != 0) return fail(Error::invalid("halve", std::to_string(n), "odd"));
  return n / 2;
}

Result<int> quarter(int n) {
  const int first = NETRIG_TRY(half(n));
  return half(first);
}

TEST(Result, TryHandsTheErrorOn) {
  EXPECT_EQ(quarter(12), 3);
  ASSERT_FALSE(quarter(6));
  EXPECT_EQ(quarter(6).error().object, "3");
}

TEST(Result, ValueOrThrowThrowsTheError) {
  EXPECT_EQ(value_or_throw(half(4)), 2);
  try {
    (void)value_or_throw(half(3));
    FAIL() << "did not throw";
  } catch (const SetupError& thrown) {
    EXPECT_EQ(thrown.error().detail, "odd");
    EXPECT_STREQ(thrown.what(), "halve in \"3\": odd");
  }
}

TEST(Result, OfVoidHoldsSuccess) {
  const Result<void> good;
  EXPECT_TRUE(good.has_value());
}

}  // namespace
}  // namespace netrig
