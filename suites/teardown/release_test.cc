// Every namespace is released, counted by the kernel: in a user namespace that may have only a few of each kind at a
// time, many sandboxes are made and killed. One that leaked would soon be one too many.
#include <netrig/base/error.h>
#include <netrig/base/unique_fd.h>
#include <netrig/sandbox/channel.h>
#include <netrig/suites/teardown/surroundings.h>
#include <netrig/suites/teardown/teardown_test.h>
#include <netrig/testing/skip.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <functional>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace netrig::teardown {
namespace {

constexpr int kLimit = 4;
constexpr int kRounds = 30;

void enter_narrow_user_namespace() {
  enter_user_namespace(Identity::root);
  for (const char* kind : {"user", "pid", "mnt", "net", "ipc", "uts"}) limit_namespaces(kind, kLimit);
}

// Kills one process of the victim, another each round.
int kill_one(const Victim& victim, int round) {
  const pid_t roles[] = {victim.supervisor(), victim.init().value(), victim.program().value()};
  return ::kill(roles[round % 3], SIGKILL);
}

// Writes a byte to `told` for each kill.
void make_and_kill_many(int told) {
  const UniqueFd silence{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
  for (int round = 0; round < kRounds; ++round) {
    Victim victim{{.arguments = {"daemons"}, .output = silence.get()}};
    ASSERT_EQ(victim.letters(3), "DLT") << "in round " << round;
    ASSERT_EQ(kill_one(victim, round), 0) << std::strerror(errno);
    ASSERT_EQ(::write(told, "k", 1), 1);
    ASSERT_TRUE(victim.all_gone()) << "in round " << round;
  }
}

// A network namespace that nothing shows any more and that the kernel still counts, as one that waits to be reaped:
// only a message that nobody has received holds it.
void leave_in_a_message(int socket) {
  const pid_t child = ::fork();
  if (child == 0) {
    const UniqueFd made{::unshare(CLONE_NEWNET) == 0 ? ::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC) : -1};
    const int descriptor = made.get();
    ::_exit(made && sandbox::send_message(socket, "n", 1, &descriptor, 1) == 0 ? 0 : 1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  ASSERT_EQ(status, exited(0));
}

// Longer than a sandbox waits where as many are in use as may be.
constexpr std::chrono::seconds kBehind{3};

void wait_for_the_kernel() {
  int ends[2] = {-1, -1};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
  UniqueFd sender{ends[0]}, receiver{ends[1]};
  for (int i = 0; i < kLimit; ++i) ASSERT_NO_FATAL_FAILURE(leave_in_a_message(sender.get()));
  Victim victim{{.arguments = {"ask", "inside"}}};
  victim.watch(kBehind);
  pollfd ended{.fd = victim.supervisor_pidfd(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&ended, 1, 0), 0) << "it gave up, or had a namespace more than there are";
  sender.reset();
  receiver.reset();  // and with it the messages
  EXPECT_EQ(victim.wait_supervisor(), exited(0));
  EXPECT_TRUE(victim.all_gone());
}

class ReleaseTest : public TeardownTest {
 protected:
  // How a child ends that runs `body` where few namespaces are permitted.
  static int end_of(const std::function<void()>& body) {
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        enter_narrow_user_namespace();
      } catch (const SetupError&) {
        ::_exit(kNotPermitted);
      }
      body();
      ::_exit(HasFailure() ? 1 : 0);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    return status;
  }
};

TEST_F(ReleaseTest, OfEveryNamespaceOfKilledSandboxes) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd told{ends[0]};
  UniqueFd tells{ends[1]};
  const int status = end_of([&] { make_and_kill_many(tells.get()); });
  tells.reset();
  if (status == exited(kNotPermitted)) NETRIG_SKIP("user-limits", "the limits of a user namespace cannot be set here");
  EXPECT_EQ(status, exited(0));
  std::array<char, kRounds> kills{};
  const auto count = ::read(told.get(), kills.data(), kills.size());
  EXPECT_EQ(count, kRounds);
  const std::string fault = "SIGKILL, where few namespaces are permitted";
  for (auto round = count; round > 0; --round) table_.add(fault, 0);
  if (status != exited(0)) table_.check(fault, 1);  // whichever failed, it is told above
}

TEST_F(ReleaseTest, IsWaitedForWhereTheKernelIsBehind) {
  const int status = end_of(wait_for_the_kernel);
  if (status == exited(kNotPermitted)) NETRIG_SKIP("user-limits", "the limits of a user namespace cannot be set here");
  EXPECT_EQ(status, exited(0));
}

}  // namespace
}  // namespace netrig::teardown
