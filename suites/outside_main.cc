// main() of the test programs that stand outside and watch: no sandbox, but the seed and the last line of a failure as
// everywhere.
#include <netrig/testing/failure_listener.h>
#include <netrig/testing/seed.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  if (!netrig::take_given_seed()) return EXIT_FAILURE;
  testing::UnitTest::GetInstance()->listeners().Append(new netrig::FailureListener{std::cout});  // GoogleTest owns it
  return RUN_ALL_TESTS();
}
