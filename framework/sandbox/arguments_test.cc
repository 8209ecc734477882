#include <netrig/sandbox/arguments.h>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace netrig::sandbox {
namespace {

bool asks(std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  return asks_for_information(arguments);
}

TEST(AsksForInformation, WhenTestsAreToBeListed) {
  EXPECT_TRUE(asks({"--gtest_list_tests"}));
  EXPECT_TRUE(asks({"--gtest_filter=A.*", "--gtest_list_tests=1"}));
  EXPECT_TRUE(asks({"--gtest_list_tests=true"}));
  EXPECT_TRUE(asks({"--benchmark_list_tests"}));
}

TEST(AsksForInformation, WhenHelpIsWanted) {
  for (const char* word : {"--help", "-h", "-?", "/?", "--version"}) EXPECT_TRUE(asks({word})) << word;
}

TEST(AsksForInformation, NotWhenListingIsSwitchedOff) {
  EXPECT_FALSE(asks({"--gtest_list_tests=0"}));
  EXPECT_FALSE(asks({"--gtest_list_tests=false"}));
}

TEST(AsksForInformation, NotWhenTestsAreToRun) {
  EXPECT_FALSE(asks({}));
  EXPECT_FALSE(asks({"--gtest_filter=Help.*", "--gtest_list_tests_not_quite", "help"}));
}

}  // namespace
}  // namespace netrig::sandbox
