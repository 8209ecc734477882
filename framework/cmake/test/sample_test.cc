// The test program for netrig_discover_tests: what ctest has to make of each test is checked in check.cmake.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <unistd.h>

namespace {

TEST(Sample, Passes) {
  EXPECT_STREQ(std::getenv("SAMPLE_GREETING"), "good day");
  ASSERT_NE(std::getenv("NETRIG_CTEST_DIR"), nullptr);
  EXPECT_EQ(::access((std::string{std::getenv("NETRIG_CTEST_DIR")} + "/CTestTestfile.cmake").c_str(), R_OK), 0);
}

TEST(Sample, Skips) { GTEST_SKIP() << "this host has no antenna"; }

TEST(Sample, FailsWhateverItPrints) {
  std::cout << "[  SKIPPED ] SomeoneElse.Test (0 ms)\n";
  FAIL();
}

class SampleValues : public testing::TestWithParam<const char*> {};

TEST_P(SampleValues, Pass) { EXPECT_STRNE(GetParam(), ""); }

INSTANTIATE_TEST_SUITE_P(Small, SampleValues, testing::Values("a;b", "[# \"$x\n"));

// Before main: a program that cannot even list its tests.
const bool kBroken = std::getenv("SAMPLE_BROKEN") != nullptr && (std::exit(1), true);

}  // namespace
