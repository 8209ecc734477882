#include <netrig/sandbox/arguments.h>

#include <algorithm>
#include <array>

namespace netrig::sandbox {
namespace {

// GoogleTest: a boolean flag is set unless its value starts with 0, f or F (gtest.cc, ParseFlag).
bool is_set(std::string_view argument, std::string_view flag) {
  if (!argument.starts_with(flag)) return false;
  const auto rest = argument.substr(flag.size());
  if (rest.empty()) return true;
  if (rest[0] != '=') return false;
  return rest.size() == 1 || (rest[1] != '0' && rest[1] != 'f' && rest[1] != 'F');
}

bool is_question(std::string_view argument) {
  constexpr std::array<std::string_view, 5> kQuestions{"--help", "-h", "-?", "/?", "--version"};
  return std::ranges::find(kQuestions, argument) != kQuestions.end() || is_set(argument, "--gtest_list_tests") ||
         is_set(argument, "--benchmark_list_tests");
}

}  // namespace

bool asks_for_information(std::span<char* const> arguments) {
  return std::ranges::any_of(arguments, [](const char* argument) { return is_question(argument); });
}

}  // namespace netrig::sandbox
