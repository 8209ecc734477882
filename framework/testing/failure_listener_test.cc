#include <netrig/testing/failure_listener.h>
#include <netrig/testing/rerun.h>

#include <gtest/gtest.h>

#include <sstream>

namespace netrig {
namespace {

// Plays the events of this test to a listener of its own.
class FailureListenerTest : public testing::Test {
 protected:
  static testing::TestPartResult failure(const std::string& text) {
    return {testing::TestPartResult::kNonFatalFailure, "file.cc", 1, text.c_str()};
  }
  [[nodiscard]] const testing::TestInfo& self() const { return *testing::UnitTest::GetInstance()->current_test_info(); }
  std::ostringstream out_;
  FailureListener listener_{out_};
};

TEST_F(FailureListenerTest, SaysNothingAfterATestThatPassed) {
  listener_.OnTestStart(self());
  listener_.OnTestEnd(self());
  EXPECT_EQ(out_.str(), "");
}

}  // namespace
}  // namespace netrig
