// Hundreds of test processes at once, as `ctest -j` and a busy CI machine start them: each gets its network, and
// nothing is left of any.
//
// NETRIG_PROCESSES=500 makes it as hard as it is meant to be; the default fits into a CI run.
#include <netrig/base/error.h>
#include <netrig/base/unique_fd.h>
#include <netrig/suites/teardown/observer.h>
#include <netrig/suites/teardown/surroundings.h>
#include <netrig/suites/teardown/teardown_test.h>
#include <netrig/testing/skip.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <map>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <tuple>
#include <unistd.h>

namespace netrig::teardown {
namespace {

std::size_t number_of_processes() {
  const char* wanted = std::getenv("NETRIG_PROCESSES");
  return wanted == nullptr ? 100 : std::strtoul(wanted, nullptr, 10);
}

// Processes that wait at a gate, so that none has a head start, and then execute the program.
class Crowd {
 public:
  Crowd(const std::string& program, std::size_t count) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw SetupError{Error::from_errno("make a pipe", "", errno)};
    const UniqueFd gate{ends[0]};
    UniqueFd closed{ends[1]};
    for (std::size_t i = 0; i < count; ++i) {
      const pid_t child = ::fork();
      if (child == 0) run(program, gate.get(), closed.get());
      if (child > 0) ++started_;
    }
  }

  [[nodiscard]] std::size_t started() const { return started_; }

  /// Waits until no process is left, those included that theirs have lost; how often each raw wait status was seen.
  static std::map<int, std::size_t> ends() {
    std::map<int, std::size_t> seen;
    for (int status = 0;;) {
      if (::waitpid(-1, &status, 0) > 0) {
        ++seen[status];
      } else if (errno != EINTR) {
        return seen;
      }
    }
  }

 private:
  [[noreturn]] static void run(const std::string& program, int gate, int closed) {
    char nothing = 0;
    ::close(closed);
    std::ignore = ::read(gate, &nothing, 1);  // until the crowd is complete
    ::execl(program.c_str(), program.c_str(), nullptr);
    ::_exit(127);
  }

  std::size_t started_ = 0;
};

// The one worker of the kernel that reaps network namespaces does so for the whole machine: what others let go of comes
// first.
constexpr std::chrono::seconds kReaping{90};

[[noreturn]] void run_many(const std::string& program, std::size_t count) {
  try {
    enter_user_namespace(Identity::root);
  } catch (const SetupError&) {
    ::_exit(kNotPermitted);
  }
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  const auto start = std::chrono::steady_clock::now();
  const Crowd crowd{program, count};
  EXPECT_EQ(crowd.started(), count);
  const auto ends = Crowd::ends();
  EXPECT_EQ(ends, (std::map<int, std::size_t>{{0, count}}));
  for (const auto* kind : kNamespaceKinds) EXPECT_TRUE(all_namespaces_released(kind, kReaping)) << kind;
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  std::printf("%zu test processes at once: all gone after %.2f s\n", count, time.count());
  std::fflush(stdout);
  ::_exit(testing::Test::HasFailure() ? 1 : 0);
}

class ManyProcessesTest : public TeardownTest {};

TEST_F(ManyProcessesTest, AtOnceAllSucceedAndLeaveNothing) {
  const std::string program = program_beside("netrig_pair");
  const pid_t child = ::fork();
  if (child == 0) run_many(program, number_of_processes());
  int status = -1;
  ::waitpid(child, &status, 0);
  if (status == exited(kNotPermitted)) NETRIG_SKIP("user-limits", "the limits of a user namespace cannot be set here");
  EXPECT_EQ(status, exited(0));
}

}  // namespace
}  // namespace netrig::teardown
