// What the last lines of a failed test say, whatever assertion failed.
#include <netrig/suites/teardown/outcome.h>
#include <netrig/suites/teardown/teardown_test.h>

#include <gmock/gmock.h>

#include <string>

namespace netrig::teardown {
namespace {

class FailureTest : public TeardownTest {
 protected:
  static std::string output_of_a_failure(const std::string& test, std::vector<std::string> environment = {}) {
    const auto program = program_beside("netrig_gtest_victim");
    auto [status, output] = outcome_of({.program = program,
                                        .arguments = {"--gtest_also_run_disabled_tests", "--gtest_filter=*" + test},
                                        .environment = std::move(environment)});
    EXPECT_EQ(status, exited(1)) << output;
    return output;
  }
};

TEST_F(FailureTest, NamesTheCommandThatRepeatsItAndTheSeed) {
  EXPECT_THAT(output_of_a_failure("FailsPlainly"),
              testing::ContainsRegex(
                  "\n    again: .*netrig_gtest_victim --gtest_filter=OfAUser.DISABLED_FailsPlainly  # seed [0-9]+\n"));
}

TEST_F(FailureTest, RepeatsTheSeedThatWasGiven) {
  EXPECT_THAT(output_of_a_failure("FailsPlainly", {"NETRIG_SEED=7141"}),
              testing::HasSubstr("DISABLED_FailsPlainly --gtest_random_seed=7141  # seed 7141\n"));
}

TEST_F(FailureTest, SaysItOnceHoweverManyAssertionsFail) {
  const auto output = output_of_a_failure("FailsTwice");
  const auto first = output.find("    again: ");
  ASSERT_NE(first, std::string::npos) << output;
  EXPECT_EQ(output.find("    again: ", first + 1), std::string::npos) << output;
}

TEST_F(FailureTest, OfADestructorFailsTheTest) {
  EXPECT_THAT(output_of_a_failure("CannotTearDown"),
              testing::AllOf(testing::HasSubstr("while tearing down: link not restored: the link resists"),
                             testing::HasSubstr("[  FAILED  ] OfAUser.DISABLED_CannotTearDown")));
}

}  // namespace
}  // namespace netrig::teardown
