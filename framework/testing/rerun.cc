#include <netrig/testing/rerun.h>
#include <netrig/testing/seed.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <string_view>

namespace netrig {

namespace {

// As a shell reads it back: in single quotes unless it is plain.
std::string quoted_for_shell(const std::string& word) {
  const auto is_plain = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || std::string_view{"_./=-+,:@"}.contains(c);
  };
  if (!word.empty() && std::ranges::all_of(word, is_plain)) return word;
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string{"'\\''"} : std::string{c};
  return text + "'";
}

// For ctest's regular expressions; names of parameterised tests have slashes, which stand for themselves.
std::string escaped_for_ctest(const std::string& name) {
  std::string text;
  for (const char c : name) {
    if (std::string_view{".[]()*+?^$|\\"}.contains(c)) text += '\\';
    text += c;
  }
  return text;
}

}  // namespace

std::string rerun_command() {
  const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
  if (info == nullptr) return {};
  const auto name = fmt::format("{}.{}", info->test_suite_name(), info->name());
  const auto given = given_seed();
  const bool seeded = given && *given;
  if (const char* folder = std::getenv("NETRIG_CTEST_DIR")) {
    return fmt::format("{}ctest --test-dir {} -R {} --output-on-failure",
                       seeded ? fmt::format("NETRIG_SEED={} ", **given) : "", quoted_for_shell(folder),
                       quoted_for_shell("^" + escaped_for_ctest(name) + "$"));
  }
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  return fmt::format("{} --gtest_filter={}{}", error ? "PROGRAM" : quoted_for_shell(program), quoted_for_shell(name),
                     seeded ? fmt::format(" --gtest_random_seed={}", **given) : "");
}

std::string again_line() {
  const auto command = rerun_command();
  return command.empty() ? std::string{} : fmt::format("\n    again: {}  # seed {}", command, seed());
}

}  // namespace netrig
