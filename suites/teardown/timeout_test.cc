// ctest kills a test that takes too long, with all its children, by SIGKILL. What is left is the kernel's to end.
#include <netrig/suites/teardown/teardown_test.h>

#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>

namespace netrig::teardown {
namespace {

class TimeoutTest : public TeardownTest {};

TEST_F(TimeoutTest, OfCtestLeavesNothing) {
  std::string directory = std::filesystem::temp_directory_path() / "netrig-ctest-XXXXXX";
  ASSERT_NE(::mkdtemp(directory.data()), nullptr);
  std::ofstream{directory + "/CTestTestfile.cmake"} << "add_test(slow \"" << program_of(Build::real) << "\" daemons)\n"
                                                    << "set_tests_properties(slow PROPERTIES TIMEOUT 1)\n";
  const UniqueFd log{::open((directory + "/log").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)};
  Victim ctest{{.program = NETRIG_CTEST, .arguments = {"--test-dir", directory}, .output = log.get()}};
  EXPECT_EQ(ctest.letters(3), "DLT");
  EXPECT_EQ(ctest.wait_supervisor(), exited(8));  // ctest: tests failed
  EXPECT_TRUE(ctest.all_gone());
  std::ostringstream text;
  text << std::ifstream{directory + "/log"}.rdbuf();
  EXPECT_NE(text.str().find("***Timeout"), std::string::npos) << text.str();
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace netrig::teardown
