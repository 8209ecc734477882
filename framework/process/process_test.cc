// A program while it runs: its output, its input, its end.
#include <netrig/base/scope_exit.h>
#include <netrig/process/test_lab.h>

#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace netrig::process {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class ProcessTest : public LabOfOneNode {
 protected:
  /// Starts `script` and waits for its line "ready".
  Process start_ready(const std::string& script) {
    return value_or_throw(programs_->start(*node_, sh(script), ready_when(output_line("ready")), soon()));
  }
};

TEST_F(ProcessTest, KeepsTheStreamsInOrderOfArrival) {
  auto process = start(sh("read a; echo $a; read b; echo $b >&2; read c; echo $c").with_open_input());
  for (const std::string line : {"one\n", "two\n", "three\n"}) {
    value_or_throw(process.write_stdin(line));
    while (!process.output_text().ends_with(line)) std::this_thread::yield();
  }
  const auto done = value_or_throw(process.finish(soon()));
  EXPECT_EQ(done.both, "one\ntwo\nthree\n");
  EXPECT_EQ(done.out, "one\nthree\n");
  EXPECT_EQ(done.err, "two\n");
}

TEST_F(ProcessTest, MergedStreamsAreExactlyInOrder) {
  const auto done = run(sh("for i in 1 2 3 4 5; do echo $i; echo $i >&2; done").with_stderr_in_stdout());
  EXPECT_EQ(done.out, "1\n1\n2\n2\n3\n3\n4\n4\n5\n5\n");
  EXPECT_EQ(done.err, "");
}

TEST_F(ProcessTest, DropsTheMiddleOfAHugeOutput) {
  const auto done = run(sh("head -c 100000000 /dev/zero | tr '\\0' x; echo; echo the end").keeping_output(4000));
  EXPECT_THAT(done.out, testing::StartsWith(std::string(1000, 'x') + "\n[... 99996009 bytes dropped ...]\nxxx"));
  EXPECT_THAT(done.out, testing::EndsWith("x\nthe end\n"));
}

TEST_F(ProcessTest, TakesALongOutputOfBothStreamsWithoutBlocking) {
  const auto done = run(sh("head -c 2000000 /dev/zero; head -c 2000000 /dev/zero >&2; head -c 1000000 /dev/zero"));
  EXPECT_EQ(done.out.size(), 3000000U);
  EXPECT_EQ(done.err.size(), 2000000U);
}

TEST_F(ProcessTest, WaitsUntilTheDeadlineAndLetsItGoOn) {
  auto process = start_ready("echo ready; read forever < /dev/zero");
  const auto late = process.wait(Deadline::after(0s));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ETIMEDOUT);
  EXPECT_THAT(late.error().message(), HasSubstr("it still runs; the last lines it printed:\n  | ready"));
  EXPECT_TRUE(process.running());
  EXPECT_EQ(value_or_throw(process.kill()).signal(), SIGKILL);
  EXPECT_FALSE(process.running());
}

TEST_F(ProcessTest, ATimedOutRunIsKilledWithItsGroup) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd alive{ends[0]};
  UniqueFd held{ends[1]};
  const auto command = sh("echo last words; sleep 1000 & sleep 1000").passing(held.get(), 9);
  const auto late = programs_->run(*node_, command, Deadline::after(200ms));
  held.reset();
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ETIMEDOUT);
  EXPECT_EQ(
      late.error().message(),
      "run \"echo last words; sleep 1000 & sleep 1000\" in \"server\": ETIMEDOUT (Connection timed out): killed, for "
      "it did not end in time; the last lines it printed:\n  | last words");
  EXPECT_TRUE(value_or_throw(wait_readable(alive.get(), soon()))) << "the background sleep still lives";
}

TEST_F(ProcessTest, TerminatesPolitely) {
  auto process = start_ready("trap 'echo bye; exit 5' TERM; echo ready; while :; do sleep 0.01; done");
  EXPECT_EQ(value_or_throw(process.terminate(60s)).code(), 5);
  EXPECT_THAT(process.stdout_text(), HasSubstr("bye"));
}

TEST_F(ProcessTest, KillsWhatIgnoresTermination) {
  auto process = start_ready("trap '' TERM; echo ready; while :; do sleep 0.01; done");
  EXPECT_EQ(value_or_throw(process.terminate(0ms)).signal(), SIGKILL);
}

TEST_F(ProcessTest, SendsSignals) {
  auto process = start_ready("trap 'exit 7' USR1; echo ready; while :; do sleep 0.01; done");
  value_or_throw(process.signal(SIGUSR1));
  EXPECT_EQ(value_or_throw(process.wait(soon())).code(), 7);
  EXPECT_TRUE(process.signal(SIGUSR1)) << "nothing happens to one that ended";
}

TEST_F(ProcessTest, RefusesASignalThatIsNone) {
  auto process = start({"sleep", "1000"});
  const auto refused = process.signal(1000);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, EINVAL);
}

TEST_F(ProcessTest, ConversesThroughItsInput) {
  auto process = start(Command{"cat"}.with_open_input());
  value_or_throw(process.write_stdin("hello "));
  value_or_throw(process.write_stdin("world\n"));
  process.close_stdin();
  const auto done = value_or_throw(process.finish(soon()));
  EXPECT_EQ(done.out, "hello world\n");
  const auto refused = process.write_stdin("more");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, EPIPE);
}

TEST_F(ProcessTest, HasNoInputToWriteToUnlessAskedFor) {
  auto process = start({"sleep", "1000"});
  const auto refused = process.write_stdin("x");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("Command::with_open_input()"));
}

TEST_F(ProcessTest, ADaemonThatKeepsThePipesDoesNotKeepTheWait) {
  EXPECT_EQ(run(sh("setsid sleep 1000 & echo started")).out, "started\n");
}

TEST_F(ProcessTest, StillTakesWhatADaemonSaysLater) {
  output_of("mkfifo /run/go");
  auto process = start(sh("setsid sh -c 'read a < /run/go; echo from the daemon' & echo started"));
  ASSERT_TRUE(value_or_throw(process.wait(soon())).success());
  output_of("echo > /run/go");
  const auto deadline = soon();
  while (process.stdout_text() != "started\nfrom the daemon\n") {
    ASSERT_FALSE(deadline.passed()) << process.stdout_text();
    std::this_thread::yield();
  }
}

TEST_F(ProcessTest, HasAPidOutsideAndOneInTheLab) {
  auto process = start_ready("echo $$ ready; read forever < /dev/zero");
  EXPECT_EQ(process.stdout_text(), std::to_string(process.pid_in_lab()) + " ready\n");
  EXPECT_EQ(::kill(process.pid(), 0), 0);
  EXPECT_NE(process.pid(), process.pid_in_lab());
}

TEST_F(ProcessTest, EndsWithItsHandle) {
  pid_t pid = -1;
  {
    const auto process = start({"sleep", "1000"});
    pid = process.pid();
  }
  EXPECT_EQ(::kill(pid, 0), -1);
  EXPECT_EQ(errno, ESRCH);
}

TEST_F(ProcessTest, EndsWhenItsHandleTakesAnother) {
  auto process = start({"sleep", "1000"});
  const pid_t first = process.pid();
  process = start({"sleep", "1000"});
  EXPECT_EQ(::kill(first, 0), -1);
  EXPECT_TRUE(process.running());
  auto moved = std::move(process);
  EXPECT_TRUE(moved.running());
}

TEST_F(ProcessTest, SaysWhenItsStatusWentElsewhere) {
  auto process = start(Command{"cat"}.with_open_input());
  {
    struct sigaction ignore{};
    struct sigaction before{};
    ignore.sa_handler = SIG_IGN;
    ASSERT_EQ(::sigaction(SIGCHLD, &ignore, &before), 0);  // the kernel reaps by itself then, see wait(2)
    const ScopeExit restore{[&] { ::sigaction(SIGCHLD, &before, nullptr); }};
    process.close_stdin();
    std::ignore = process.wait(soon());
  }
  const auto status = process.wait(soon());
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ECHILD);
  EXPECT_THAT(status.error().message(), HasSubstr("its exit status went to somebody else"));
}

}  // namespace
}  // namespace netrig::process
