// What the fault tests rest on: a hold whose victim never comes says so, at once, and says what became of it.
#include <netrig/suites/teardown/hold.h>
#include <netrig/suites/teardown/teardown_test.h>

#include <gtest/gtest-spi.h>

#include <fcntl.h>

namespace netrig::teardown {
namespace {

using sandbox::Step;

class HoldTest : public TeardownTest {
 protected:
  UniqueFd silence_{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
};

TEST_F(HoldTest, TellsHowAVictimEndedThatNeverCameToTheStep) {
  Hold hold{{Step::space_clone}};
  Victim victim{{.build = Build::held, .arguments = {"exit", "3"}, .environment = hold.environment()}};
  EXPECT_NONFATAL_FAILURE(hold.reached(victim), "nothing came to space-clone: the victim ended with exit status 3");
}

TEST_F(HoldTest, TellsWhichSignalEndedTheVictim) {
  Hold hold{{Step::space_clone}};
  Victim victim{{.build = Build::held, .arguments = {"signal", "9"}, .environment = hold.environment()}};
  EXPECT_NONFATAL_FAILURE(hold.reached(victim), "the victim ended with signal 9 (Killed)");
}

TEST_F(HoldTest, SeesAStepThatWasReachedBeforeTheEnd) {
  Hold hold{{Step::program_fork}};
  Victim victim{{.build = Build::held, .arguments = {"exit", "3"}, .environment = hold.environment()}};
  hold.release();
  EXPECT_EQ(victim.wait_supervisor(), exited(3));
  EXPECT_TRUE(hold.reached(victim));
}

TEST_F(HoldTest, TellsOfAnInitThatCannotOpenTheFifos) {
  Hold hold{{Step::program_fork}};
  Victim victim{{.build = Build::held,
                 .arguments = {"wait"},
                 .environment = {"NETRIG_FAULT_HOLD=program-fork", "NETRIG_FAULT_DIRECTORY=/nowhere"},
                 .output = silence_.get()}};
  EXPECT_NONFATAL_FAILURE(hold.reached(victim), "nothing came to program-fork: the victim ended with exit status 70");
}

TEST_F(HoldTest, TellsOfAProgramThatCannotOpenTheFifos) {
  Hold hold{{Step::program_exec}};
  Victim victim{{.build = Build::held,
                 .arguments = {"wait"},
                 .environment = {"NETRIG_FAULT_HOLD=program-exec", "NETRIG_FAULT_DIRECTORY=/nowhere"},
                 .output = silence_.get()}};
  EXPECT_NONFATAL_FAILURE(hold.reached(victim), "nothing came to program-exec: the victim ended with exit status 98");
}

}  // namespace
}  // namespace netrig::teardown
