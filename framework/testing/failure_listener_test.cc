#include <netrig/testing/failure_listener.h>
#include <netrig/testing/rerun.h>

#include <gtest/gtest.h>

#include <sstream>

namespace netrig {
namespace {

// Plays the events of this test to a listener of its own.
class FailureListenerTest : public testing::Test {
 protected:
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
