#include <netrig/process/command.h>

#include <gtest/gtest.h>

#include <sstream>

namespace netrig::process {
namespace {

TEST(CommandTest, PrintsAsAShellWouldNeedIt) {
  EXPECT_EQ((Command{"ip", "-j", "addr"}.to_string()), "ip -j addr");
  EXPECT_EQ((Command{"echo", "two words", "it's", ""}.to_string()), "echo 'two words' 'it'\\''s' ''");
}

TEST(CommandTest, PrintsItsNameWhereItHasOne) {
  std::ostringstream text;
  text << Command{"/opt/bin/dns"}.called("the resolver");
  EXPECT_EQ(text.str(), "the resolver");
  EXPECT_EQ(sh("a | b").to_string(), "a | b");
}

TEST(CommandTest, ShellScriptsGoToTheShell) {
  EXPECT_EQ(sh("a | b").argv, (std::vector<std::string>{"/bin/sh", "-c", "a | b"}));
}

TEST(CommandTest, OneWordIsAProgram) { EXPECT_EQ((Command{"true"}.argv), std::vector<std::string>{"true"}); }

}  // namespace
}  // namespace netrig::process
