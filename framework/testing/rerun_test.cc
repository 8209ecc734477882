// The command at the end of a failure's text, as a shell reads it.
#include <netrig/testing/rerun.h>
#include <netrig/testing/seed.h>

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

namespace netrig {
namespace {

class RerunTest : public ::testing::TestWithParam<const char*> {
 protected:
  // Whatever ctest said of itself does not matter here.
  void SetUp() override {
    ::unsetenv("NETRIG_CTEST_DIR");
    ::unsetenv("NETRIG_SEED");
    GTEST_FLAG_SET(random_seed, 0);
  }
};

TEST_F(RerunTest, NamesTheProgramSoThatItIsFoundFromAnywhere) {
  const auto program = std::filesystem::read_symlink("/proc/self/exe").string();
  EXPECT_EQ(rerun_command(), program + " --gtest_filter=RerunTest.NamesTheProgramSoThatItIsFoundFromAnywhere");
  EXPECT_EQ(std::system((rerun_command() + " --gtest_list_tests >/dev/null").c_str()), 0);
}

TEST_F(RerunTest, NamesCtestWhereItRunsTheTest) {
  ::setenv("NETRIG_CTEST_DIR", "/src/my build", 1);
  EXPECT_EQ(rerun_command(),
            "ctest --test-dir '/src/my build' -R '^RerunTest\\.NamesCtestWhereItRunsTheTest$' --output-on-failure");
  EXPECT_EQ(again_line(), "\n    again: " + rerun_command() + "  # seed " + std::to_string(seed()));
}

TEST_F(RerunTest, RepeatsWithTheSeedThatWasGiven) {
  ::setenv("NETRIG_SEED", "7141", 1);
  EXPECT_TRUE(rerun_command().ends_with(" --gtest_random_seed=7141")) << rerun_command();
  ::setenv("NETRIG_CTEST_DIR", "/build", 1);
  EXPECT_TRUE(rerun_command().starts_with("NETRIG_SEED=7141 ctest --test-dir /build ")) << rerun_command();
  EXPECT_TRUE(again_line().ends_with("  # seed 7141")) << again_line();
}

TEST_P(RerunTest, KeepsTheSlashesOfAParameterisedTest) {
  ::setenv("NETRIG_CTEST_DIR", "/build", 1);
  EXPECT_EQ(rerun_command(),
            std::string{"ctest --test-dir /build -R '^Some/RerunTest\\.KeepsTheSlashesOfAParameterisedTest/"} +
                GetParam() + "$' --output-on-failure");
}

INSTANTIATE_TEST_SUITE_P(Some, RerunTest, ::testing::Values("first", "second"),
                         [](const auto& word) { return std::string{word.param}; });

}  // namespace
}  // namespace netrig
