// All programs of a lab together, and their end.
#include <netrig/base/scope_exit.h>
#include <netrig/process/child.h>
#include <netrig/process/test_lab.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace netrig::process {
namespace {

using namespace std::chrono_literals;

// Detached twice, in a session of its own, deaf to every signal it may ignore, stopped at last.
constexpr const char* kStubbornDaemon =
    "setsid sh -c 'trap \"\" HUP INT QUIT TERM USR1 USR2 PIPE; (trap \"\" TERM; sleep 1000) & echo up >&9; kill -STOP "
    "$$' "
    "> /dev/null 2>&1 < /dev/null &";

class ProgramsTest : public LabOfOneNode {
 protected:
  void SetUp() override {
    LabOfOneNode::SetUp();
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    life_.reset(ends[0]);
    held_.reset(ends[1]);
  }
  /// True at end of file: nobody holds the other end any more.
  bool all_gone() {
    held_.reset();
    char text[64];
    while (wait_readable(life_.get(), soon())) {
      const auto count = ::read(life_.get(), text, sizeof text);
      if (count <= 0) return count == 0;
    }
    return false;
  }

  UniqueFd life_, held_;
};

TEST_F(ProgramsTest, DaemonsThatForkedTwiceEndWithTheLab) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(run(sh(kStubbornDaemon).passing(held_.get(), 9)).success());
  char text[16];
  ASSERT_GT(::read(life_.get(), text, sizeof text), 0) << "one is up";
  programs_.reset();
  EXPECT_TRUE(all_gone());
}

TEST_F(ProgramsTest, NothingIsLeftToReap) {
  std::vector<Process> processes;
  for (int i = 0; i < 10; ++i) processes.push_back(start({"sleep", "1000"}));
  programs_.reset();
  for (auto& process : processes) {
    EXPECT_FALSE(process.running());
    EXPECT_EQ(value_or_throw(process.wait(soon())).signal(), SIGKILL);
  }
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST_F(ProgramsTest, OutputStaysReadableAfterTheLab) {
  auto process = value_or_throw(programs_->start(*node_, sh("echo ready; sleep 1000"), output_line("ready"), soon()));
  programs_.reset();
  EXPECT_EQ(process.stdout_text(), "ready\n");
}

// The patience with outsiders is no limit to what the kernel takes.
TEST_F(ProgramsTest, EndHoweverLongTheKernelTakesForIt) {
  held_patience = 0ms;
  const ScopeExit restore{[] { held_patience = kHeldPatience; }};
  std::vector<Process> processes;
  for (int i = 0; i < 50; ++i) processes.push_back(start({"sleep", "1000"}));
  const auto ended = programs_->end();
  EXPECT_TRUE(ended) << ended.error();
}

TEST_F(ProgramsTest, NothingCanBeStartedAfterTheEnd) {
  value_or_throw(programs_->end(soon()));
  const auto refused = try_run({"true"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message(), "run \"true\" in \"server\": the lab's programs were ended");
}

TEST_F(ProgramsTest, SaysSoWhenTheSpaceWasKilled) {
  ::kill(programs_->space().init_pid(), SIGKILL);
  // The kill takes effect when it does: a program started meanwhile is killed as well.
  auto done = try_run({"sleep", "1000"});
  while (done) {
    EXPECT_EQ(done->status.signal(), SIGKILL);
    done = try_run({"sleep", "1000"});
  }
  EXPECT_THAT(done.error().message(), testing::HasSubstr("the lab's programs were ended"));
}

TEST_F(ProgramsTest, OneLabsEndDoesNotTouchAnother) {
  auto other = value_or_throw(Programs::in(value_or_throw(sandbox::ProgramSpace::start())));
  const auto network = value_or_throw(netns::NetNs::create());
  const auto node = value_or_throw(NodeSpace::create(other.space(), network, {.name = "other"}));
  auto neighbour = value_or_throw(other.start(node, {"cat"}));
  neighbour = value_or_throw(other.start(node, Command{"cat"}.with_open_input()));
  programs_.reset();
  value_or_throw(neighbour.write_stdin("alive\n"));
  neighbour.close_stdin();
  EXPECT_EQ(value_or_throw(neighbour.finish(soon())).out, "alive\n");
}

TEST_F(ProgramsTest, RunsTwoHundredAtOnce) {
  std::vector<Process> processes;
  for (int i = 0; i < 200; ++i) processes.push_back(start(Command{"cat"}.with_open_input()));
  for (std::size_t i = 0; i < processes.size(); ++i) {
    value_or_throw(processes[i].write_stdin(std::to_string(i)));
    processes[i].close_stdin();
  }
  for (std::size_t i = 0; i < processes.size(); ++i) {
    EXPECT_EQ(value_or_throw(processes[i].finish(soon())).out, std::to_string(i));
  }
}

TEST_F(ProgramsTest, EndsWhileOthersLaunch) {
  std::atomic<bool> refused = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      while (try_run({"true"})) {
      }
      refused = true;
    });
  }
  std::ignore = try_run({"true"});
  value_or_throw(programs_->end(soon()));
  for (auto& thread : threads) thread.join();
  EXPECT_TRUE(refused);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

TEST_F(ProgramsTest, AForkedCopyEndsNothing) {
  auto process = start({"sleep", "1000"});
  const pid_t child = ::fork();
  if (child == 0) {
    programs_.reset();
    ::_exit(0);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(process.running());
}

}  // namespace
}  // namespace netrig::process
