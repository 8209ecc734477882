// The test program for netrig_discover_tests: what ctest has to make of each test is checked in check.cmake.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

namespace {

TEST(Sample, Passes) { EXPECT_STREQ(std::getenv("SAMPLE_GREETING"), "good day"); }

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
