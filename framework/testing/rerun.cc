#include <netrig/testing/rerun.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

namespace netrig {

std::string rerun_command() {
  const auto* test = ::testing::UnitTest::GetInstance();
  const auto* info = test->current_test_info();
  if (info == nullptr) return {};
  const auto seed = test->random_seed();
  if (const char* folder = std::getenv("NETRIG_CTEST_DIR")) {
    return fmt::format("ctest --test-dir {} -R '^{}\\.{}$' --output-on-failure   (seed {})", folder,
                       info->test_suite_name(), info->name(), seed);
  }
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  const auto name =
      error ? std::string{"PROGRAM"} : program.lexically_proximate(std::filesystem::current_path(error)).string();
  return fmt::format("{} --gtest_filter={}.{}   (seed {})", name, info->test_suite_name(), info->name(), seed);
}

}  // namespace netrig
