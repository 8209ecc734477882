#include <netrig/sandbox/channel.h>
#include <netrig/sandbox/marker.h>
#include <netrig/sandbox/program_space.h>
#include <netrig/sandbox/sandbox.h>
#include <netrig/sandbox/state.h>
#include <netrig/testing/skip.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <iostream>
#include <poll.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace netrig::sandbox {
namespace {

using namespace std::chrono_literals;

Deadline soon() { return Deadline::after(20s); }

struct Pipe {
  Pipe() {
    int ends[2];
    if (::pipe(ends) != 0) throw SetupError{Error::from_errno("pipe", "", errno)};
    read.reset(ends[0]);
    write.reset(ends[1]);
  }
  UniqueFd read, write;
};

class ProgramSpaceTest : public testing::Test {
 protected:
  void SetUp() override { NETRIG_NEEDS_SANDBOX(); }
};

// Runs `program` as the process module will: first process of the family in `space`, reaped by the caller.
pid_t spawn(const ProgramSpace& space, const std::function<void()>& program) {
  pid_t child = -1;
  std::thread{[&] {
    if (::setns(space.pid_namespace(), CLONE_NEWPID) != 0) return;
    child = ::fork();
    if (child != 0) return;
    if (::setns(space.mount_namespace(), CLONE_NEWNS) != 0 || ::unshare(CLONE_NEWNS) != 0) ::_exit(99);
    program();
    ::_exit(0);
  }}.join();
  return child;
}

int run(const ProgramSpace& space, const std::function<void()>& program) {
  const pid_t child = spawn(space, program);
  int status = -1;
  ::waitpid(child, &status, 0);
  return status;
}

int shell(const ProgramSpace& space, const char* script) {
  return run(space, [&] { ::execlp("sh", "sh", "-euc", script, nullptr); });
}

// Detached from everything it can detach from, and deaf to everything it can be deaf to.
void become_daemon(const Pipe& pipe) {
  if (::fork() != 0) ::_exit(0);
  ::setsid();
  if (::fork() != 0) ::_exit(0);
  for (int signal = 1; signal < 65; ++signal) ::signal(signal, SIG_IGN);
  if (::write(pipe.write.get(), "x", 1) != 1) ::_exit(1);
  for (;;) ::pause();
}

// A daemon in `space`, alive when this returns; it holds the pipe's other end for as long as it lives.
void start_daemon(const ProgramSpace& space, Pipe& pipe) {
  EXPECT_EQ(run(space, [&] { become_daemon(pipe); }), 0);
  pipe.write.reset();
  char byte = 0;
  EXPECT_EQ(::read(pipe.read.get(), &byte, 1), 1);
}

bool daemon_ends(const Pipe& pipe) {
  char byte = 0;
  const auto ready = wait_readable(pipe.read.get(), soon());
  return ready && *ready && ::read(pipe.read.get(), &byte, 1) == 0;
}

TEST_F(ProgramSpaceTest, ADaemonThatForkedTwiceDiesWithIt) {
  auto space = value_or_throw(ProgramSpace::start());
  Pipe pipe;
  start_daemon(space, pipe);
  space.kill();
  EXPECT_TRUE(daemon_ends(pipe));
  const auto gone = space.wait(soon());
  EXPECT_TRUE(gone) << gone.error();
}

TEST_F(ProgramSpaceTest, TheEndOfOneLeavesItsNeighbourAlone) {
  auto one = value_or_throw(ProgramSpace::start());
  auto other = value_or_throw(ProgramSpace::start());
  Pipe pipe;
  start_daemon(other, pipe);
  one.kill();
  ASSERT_TRUE(one.wait(soon()));
  EXPECT_EQ(shell(other, "test $(ls /proc | grep -c '^[0-9]') -ge 3"),
            0);  // the init, the daemon, the shell, its children
  other.kill();
  EXPECT_TRUE(daemon_ends(pipe));
}

TEST_F(ProgramSpaceTest, DestroyingItKillsItsPrograms) {
  Pipe pipe;
  {
    auto space = value_or_throw(ProgramSpace::start());
    start_daemon(space, pipe);
  }
  EXPECT_TRUE(daemon_ends(pipe));
}

TEST_F(ProgramSpaceTest, AssigningOverOneKillsIt) {
  Pipe pipe;
  auto space = value_or_throw(ProgramSpace::start());
  start_daemon(space, pipe);
  space = value_or_throw(ProgramSpace::start());
  EXPECT_TRUE(daemon_ends(pipe));
  EXPECT_EQ(shell(space, "true"), 0);
}

TEST_F(ProgramSpaceTest, ProcShowsOnlyItsOwnProcesses) {
  const auto space = value_or_throw(ProgramSpace::start());
  EXPECT_EQ(shell(space, "test $$ = 2; set -- /proc/[0-9]*; test \"$*\" = '/proc/1 /proc/2'"), 0);
}

TEST_F(ProgramSpaceTest, NamesOfNetworksAreSeenByItsProgramsAlone) {
  const auto one = value_or_throw(ProgramSpace::start());
  const auto other = value_or_throw(ProgramSpace::start());
  EXPECT_EQ(shell(one, "ip netns add blue && ip netns exec blue ip link set lo up"), 0);
  EXPECT_EQ(shell(one, "test \"$(ls /run/netns)\" = blue && ip netns exec blue ip -br link show lo | grep -q UP"), 0);
  EXPECT_EQ(shell(other, "test -z \"$(ls /run/netns)\""), 0);
  EXPECT_TRUE(std::filesystem::is_empty("/run/netns"));
}

TEST_F(ProgramSpaceTest, WaitTimesOutWhileItLives) {
  auto space = value_or_throw(ProgramSpace::start());
  const auto waited = space.wait(Deadline::after(1ms));
  ASSERT_FALSE(waited);
  EXPECT_EQ(waited.error().code, ETIMEDOUT);
}

TEST_F(ProgramSpaceTest, AnUnreapedChildHoldsItAndReapingReleasesIt) {
  auto space = value_or_throw(ProgramSpace::start());
  const pid_t child = spawn(space, [] { ::pause(); });
  space.kill();
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);  // dead, not reaped
  EXPECT_FALSE(space.wait(Deadline::after(20ms)));
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(space.wait(soon()));
}

TEST_F(ProgramSpaceTest, ManyThreadsMayStartThemAtOnce) {
  constexpr int kThreads = 8;
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      auto space = ProgramSpace::start();
      if (!space || shell(*space, "test $$ = 2") != 0) return;
      space->kill();
      if (space->wait(soon())) ++good;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, kThreads);
}

TEST_F(ProgramSpaceTest, OutlivesTheThreadThatStartedIt) {
  std::optional<ProgramSpace> space;
  std::thread{[&] { space = value_or_throw(ProgramSpace::start()); }}.join();
  EXPECT_EQ(shell(*space, "true"), 0);
}

TEST_F(ProgramSpaceTest, AForkedProcessHasItsOwnAndItDiesWithThatProcess) {
  Pipe pipe;
  const pid_t fork = ::fork();
  if (fork == 0) {
    auto space = ProgramSpace::start();
    if (!space) ::_exit(1);
    start_daemon(*space, pipe);
    ::_exit(testing::Test::HasFailure() ? 1 : 0);  // no destructor runs
  }
  int status = -1;
  ::waitpid(fork, &status, 0);
  EXPECT_EQ(status, 0);
  pipe.write.reset();
  EXPECT_TRUE(daemon_ends(pipe));
}

TEST_F(ProgramSpaceTest, TheDestructorInAForkedCopyKillsNothing) {
  auto space = value_or_throw(ProgramSpace::start());
  const pid_t fork = ::fork();
  if (fork == 0) {
    {
      const ProgramSpace copy = std::move(space);
    }
    ::_exit(0);
  }
  ::waitpid(fork, nullptr, 0);
  EXPECT_EQ(shell(space, "true"), 0);
}

TEST_F(ProgramSpaceTest, ReapsOrphans) {
  const auto space = value_or_throw(ProgramSpace::start());
  // The grandchild becomes the init's child and ends; a zombie would answer kill -0 for ever.
  EXPECT_EQ(shell(space, "orphan=$(sh -c 'true >&- & echo $!'); while kill -0 $orphan 2>&-; do :; done"), 0);
}

[[noreturn]] void start_outside() {
  state() = {{}, "no sandbox today"};
  const auto space = ProgramSpace::start();
  std::cerr << (space ? "started" : space.error().message());
  std::_Exit(0);
}

TEST(ProgramSpaceDeathTest, IsRefusedOutsideWithTheReason) {
  EXPECT_EXIT(start_outside(), testing::ExitedWithCode(0), "start a program space: no sandbox today");
}

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all{"/proc/self/fd"};
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

// The kernel delivers a message without the descriptors that there is no room for: a space that nobody could kill.
TEST_F(ProgramSpaceTest, WithoutRoomForItsDescriptorsIsAnErrorAndLeavesNone) {
  const auto before = open_descriptors();
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const auto lowest = static_cast<rlim_t>(UniqueFd{::open("/", O_PATH | O_CLOEXEC)}.get());
  int refused = 0;
  for (rlim_t room = 0; room < 20 && refused == static_cast<int>(room); ++room) {
    const rlimit narrow{lowest + room, limit.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &narrow);
    const auto space = ProgramSpace::start();
    ::setrlimit(RLIMIT_NOFILE, &limit);
    if (space) continue;
    EXPECT_EQ(space.error().code, EMFILE) << space.error();
    ++refused;
  }
  EXPECT_THAT(refused, testing::AllOf(testing::Ge(5), testing::Lt(20)));
  EXPECT_EQ(open_descriptors(), before);
}

// What all processes of a user send one another counts against the limit of each (unix(7), ETOOMANYREFS).
TEST_F(ProgramSpaceTest, DescriptorsOnTheirWayAreWaitedFor) {
  int ends[2];
  ASSERT_EQ(make_channel(ends), 0);
  const UniqueFd to{ends[0]};
  UniqueFd from{ends[1]};
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const auto lowest = static_cast<rlim_t>(UniqueFd{::open("/", O_PATH | O_CLOEXEC)}.get());
  const rlimit narrow{lowest + 12, limit.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &narrow);
  const int sent[kMaxDescriptors] = {STDERR_FILENO, STDERR_FILENO, STDERR_FILENO};
  int refusal = 0;
  for (int i = 0; i < 200 && refusal == 0; ++i) refusal = send_message(to.get(), "", 1, sent, kMaxDescriptors);
  std::thread taker{[&] {
    ::poll(nullptr, 0, 20);
    from.reset();  // and with it all that is in it
  }};
  const auto space = ProgramSpace::start();
  taker.join();
  ::setrlimit(RLIMIT_NOFILE, &limit);
  EXPECT_EQ(refusal, ETOOMANYREFS) << "there was nothing to wait for";
  EXPECT_TRUE(space) << space.error();
}

}  // namespace
}  // namespace netrig::sandbox
