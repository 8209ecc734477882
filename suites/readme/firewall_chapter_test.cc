// The README's chapter on testing a firewall, held against the files that it shows and the failure that they make.
#include <netrig/testing/skip.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <string_view>
#include <sys/wait.h>

namespace netrig {
namespace {

using ::testing::HasSubstr;

std::string content_of(const std::string& file) {
  const std::ifstream in{std::string{README_FILES} + "/" + file};
  std::ostringstream text;
  text << in.rdbuf();
  EXPECT_TRUE(in.is_open()) << file;
  return text.str();
}

// From its heading to the next.
std::string chapter() {
  const auto readme = content_of("README.md");
  const auto begin = readme.find("\n## Testing a firewall\n");
  if (begin == std::string::npos) return {};
  return readme.substr(begin, readme.find("\n## ", begin + 1) - begin);
}

// The first block of code in that language, "" being none.
std::string first_block(std::string_view language) {
  const auto text = chapter();
  std::istringstream lines{text};
  std::string block;
  bool inside = false, wanted = false;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("```")) {
      if (wanted) block += line + '\n';
      continue;
    }
    if (wanted) return block;
    inside = !inside;
    wanted = inside && line.substr(3) == language;
  }
  return {};
}

struct Ended {
  int status = -1;
  std::string out;
};

Ended run_by_shell(const std::string& command) {
  Ended ended;
  std::FILE* const pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return ended;
  std::array<char, 4096> part{};
  while (const auto size = std::fread(part.data(), 1, part.size(), pipe)) ended.out.append(part.data(), size);
  const int status = ::pclose(pipe);
  ended.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return ended;
}

// What differs from run to run and from folder to folder, and nothing else.
std::string without_what_varies(std::string text) {
  text = std::regex_replace(text, std::regex{R"((^|\n)[^\n]*/(firewall_test\.cc:\d+: Failure))"}, "$1$2");
  text = std::regex_replace(text, std::regex{R"(decided after \d+(\.\d+)? ms)"}, "decided after N ms");
  text = std::regex_replace(text, std::regex{R"(--test-dir \S+)"}, "--test-dir FOLDER");
  return std::regex_replace(text, std::regex{R"(# seed \d+)"}, "# seed N");
}

TEST(ReadmeFirewallTest, ShowsTheFilesAsTheyAre) {
  EXPECT_EQ(first_block("nft"), content_of("firewall.nft"));
  EXPECT_EQ(first_block("cpp"), content_of("firewall_test.cc"));
}

TEST(ReadmeFirewallTest, TheFailureIsTheOneShown) {
  NETRIG_NEEDS_PERMITTED_SANDBOX();
  const auto shown = without_what_varies(first_block(""));
  EXPECT_THAT(shown, HasSubstr("rule 2 (handle 3) \"guests stay out\""));
  const auto ended =
      run_by_shell("env -u NETRIG_SEED -u GTEST_RANDOM_SEED NETRIG_CTEST_DIR=/src/office/build '" NETRIG_README_FIREWALL
                   "' --gtest_color=no");
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.out, HasSubstr("[  PASSED  ] 2 tests."));
  EXPECT_THAT(without_what_varies(ended.out), HasSubstr("] Office.GuestsPrint\n" + shown));
}

}  // namespace
}  // namespace netrig
