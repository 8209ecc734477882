#include <netrig/process/exit_status.h>

#include <gtest/gtest.h>

#include <csignal>
#include <sstream>

namespace netrig::process {
namespace {

using namespace std::chrono_literals;

TEST(ExitStatusTest, TellsExitCodesFromSignals) {
  const ExitStatus three{3 << 8};
  EXPECT_TRUE(three.exited());
  EXPECT_EQ(three.code(), 3);
  EXPECT_EQ(three.signal(), 0);
  const ExitStatus killed{SIGKILL};
  EXPECT_TRUE(killed.signalled());
  EXPECT_EQ(killed.signal(), SIGKILL);
  EXPECT_EQ(killed.code(), 128 + SIGKILL);
}

TEST(ExitStatusTest, SucceedsWithZeroOnly) {
  EXPECT_TRUE(ExitStatus{0}.success());
  EXPECT_FALSE(ExitStatus{1 << 8}.success());
  EXPECT_FALSE(ExitStatus{SIGTERM}.success());
}

TEST(ExitStatusTest, PrintsAsAShellSaysIt) {
  EXPECT_EQ(ExitStatus{1 << 8}.to_string(), "exit status 1");
  EXPECT_EQ(ExitStatus{SIGSEGV}.to_string(), "killed by SIGSEGV");
  EXPECT_EQ(ExitStatus{SIGABRT | 0x80}.to_string(), "killed by SIGABRT (core dumped)");
  EXPECT_EQ(ExitStatus{SIGRTMIN + 3}.to_string(), "killed by SIGRTMIN+3");
}

TEST(CompletedTest, PrintsStatusAndOutput) {
  std::ostringstream text;
  text << Completed{"ip route", ExitStatus{2 << 8}, "out\n", "err", "out\nerr", 12ms};
  EXPECT_EQ(text.str(),
            "ip route: exit status 2 after 12 ms\n--- standard output ---\nout\n--- standard error ---\nerr");
}

TEST(LastLinesTest, TakesWholeLinesFromTheEnd) {
  EXPECT_EQ(last_lines("a\nb\nc\n", 2), "b\nc");
  EXPECT_EQ(last_lines("a\nb\nc", 2, "| "), "| b\n| c");
  EXPECT_EQ(last_lines("a\n", 5), "a");
  EXPECT_EQ(last_lines("", 5), "");
  EXPECT_EQ(last_lines("a\n\nb\n", 2), "\nb");
}

}  // namespace
}  // namespace netrig::process
