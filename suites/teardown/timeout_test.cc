// ctest kills a test that takes too long, with all its children, by SIGKILL. What is left is the kernel's to end.
#include <netrig/suites/teardown/observer.h>
#include <netrig/suites/teardown/teardown_test.h>

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace netrig::teardown {
namespace {

class TimeoutTest : public TeardownTest {
 protected:
  // `command`, as CTestTestfile.cmake has it, never ends. By `letters` and the line `ready` it has come to what it is
  // about, however long that takes: only then does ctest's clock run.
  static void run_into_time_out(const std::string& command, const std::string& letters, Observer& observer) {
    const std::string directory = observer.environment().front().substr(sizeof "TMPDIR=" - 1) + "/ctest";
    std::filesystem::create_directory(directory);
    std::ofstream{directory + "/CTestTestfile.cmake"}
        << "add_test(slow " << command << ")\n"
        << "set_tests_properties(slow PROPERTIES TIMEOUT 60 TIMEOUT_AFTER_MATCH \"0.1;^ready\")\n";
    const UniqueFd log{::open((directory + "/log").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)};
    Victim ctest{{.program = NETRIG_CTEST,
                  .arguments = {"--test-dir", directory},
                  .environment = observer.environment(),
                  .output = log.get()}};
    EXPECT_EQ(ctest.letters(letters.size()), letters);
    EXPECT_EQ(ctest.wait_supervisor(), exited(8));  // ctest: tests failed
    std::ostringstream text;
    text << std::ifstream{directory + "/log"}.rdbuf();
    EXPECT_NE(text.str().find("***Timeout"), std::string::npos) << text.str();
    EXPECT_TRUE(ctest.all_gone());
    std::filesystem::remove_all(directory);
    observer.note("a time-out of ctest", ctest);
  }
};

TEST_F(TimeoutTest, OfCtestLeavesNothing) {
  const auto table = observe(
      [](Observer& observer) { run_into_time_out("\"" + program_of(Build::real) + "\" daemons", "DLT", observer); });
  if (!IsSkipped()) table.record();
}

TEST_F(TimeoutTest, OfCtestLeavesNothingOfALab) {
  const auto table = observe([](Observer& observer) {
    const std::filesystem::path victim = program_beside("netrig_lab_victim");
    run_into_time_out("\"" + victim.string() + "\"", "BPU", observer);
  });
  if (!IsSkipped()) table.record();
}

}  // namespace
}  // namespace netrig::teardown
