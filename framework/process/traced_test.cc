// A program whose end a tracer holds: the kernel tells of it (its pidfd is readable), and nobody may reap it before the
// tracer lets go.
#include <netrig/base/scope_exit.h>
#include <netrig/base/teardown_failure.h>
#include <netrig/process/child.h>
#include <netrig/process/test_lab.h>
#include <netrig/testing/eventually.h>
#include <netrig/testing/skip.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <tuple>
#include <unistd.h>
#include <utility>

namespace netrig::process {
namespace {

using namespace std::chrono_literals;

// A child of this process that traces another one, and waits for none of its stops. Lets go when it is let go.
class Tracer {
 public:
  explicit Tracer(pid_t target) {
    int go[2], seized[2];
    if (::pipe2(go, O_CLOEXEC) != 0 || ::pipe2(seized, O_CLOEXEC) != 0) std::abort();
    go_.reset(go[1]);
    const UniqueFd hold{go[0]}, told{seized[0]}, tell{seized[1]};
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(go[1]);
      const int error = ::ptrace(PTRACE_SEIZE, target, nullptr, nullptr) == 0 ? 0 : errno;
      (void)!::write(seized[1], &error, sizeof error);
      char none = 0;
      (void)!::read(go[0], &none, 1);
      ::_exit(0);
    }
    (void)!::read(seized[0], &error_, sizeof error_);
  }
  Tracer(const Tracer&) = delete;
  Tracer& operator=(const Tracer&) = delete;
  ~Tracer() { let_go(); }

  [[nodiscard]] int error() const { return error_; }
  /// What tells of it, when it holds the program `name`.
  [[nodiscard]] auto is_told_of(pid_t program, const std::string& name) const {
    return testing::AllOf(testing::HasSubstr("process " + std::to_string(pid_) + " (netrig_process"),
                          testing::HasSubstr(") traces process " + std::to_string(program) + " (" + name + ")"));
  }
  void let_go() {
    go_.reset();
    if (pid_ > 0) ::waitpid(std::exchange(pid_, -1), nullptr, 0);
  }

 private:
  UniqueFd go_;
  pid_t pid_ = -1;
  int error_ = ECHILD;
};

// Clock ticks (proc(5)) that this process's thread which reads the programs' output has run for.
long ticks_of_reader() {
  for (const auto& task : std::filesystem::directory_iterator{"/proc/self/task"}) {
    std::string line;
    std::getline(std::ifstream{task.path() / "stat"}, line);
    const auto end_of_name = line.rfind(')');
    if (!line.contains("(netrig-programs)") || end_of_name == std::string::npos) continue;
    std::istringstream fields{line.substr(end_of_name + 2)};
    std::string ignored;
    long user = 0, system = 0;
    for (int field = 3; field < 14; ++field) fields >> ignored;
    fields >> user >> system;
    return user + system;
  }
  return -1;
}

class TracedTest : public LabOfOneNode {};

TEST_F(TracedTest, AProgramThatATracerHoldsIsReapedWhenItLetsGoWithoutTurningMeanwhile) {
  auto process = start(sh("read forever").with_open_input());
  Tracer tracer{process.pid()};
  if (tracer.error() != 0) NETRIG_SKIP("ptrace", "ptrace is not permitted here: " << std::strerror(tracer.error()));
  ASSERT_TRUE(process.signal(SIGKILL));
  const auto before = ticks_of_reader();
  ASSERT_GE(before, 0);
  EXPECT_EQ(process.wait(Deadline::after(500ms)).error().code, ETIMEDOUT) << "the tracer holds it";
  EXPECT_LE(ticks_of_reader() - before, 3);
  tracer.let_go();
  const auto status = process.wait(soon());
  ASSERT_TRUE(status) << status.error();
  EXPECT_EQ(*status, ExitStatus{SIGKILL});
}

TEST_F(TracedTest, WhoTracesAProgramIsNamedWhereALabsProgramsDoNotEnd) {
  auto process = start(sh("read forever").with_open_input());
  Tracer tracer{process.pid()};
  if (tracer.error() != 0) NETRIG_SKIP("ptrace", "ptrace is not permitted here: " << std::strerror(tracer.error()));
  const auto ended = programs_->end(Deadline::after(200ms));
  ASSERT_FALSE(ended);
  EXPECT_THAT(ended.error().message(), testing::HasSubstr("traces process " + std::to_string(process.pid()) + " (sh)"));
  tracer.let_go();
}

TEST_F(TracedTest, KillingAProgramThatATracerHoldsEndsAtTheDeadlineAndNamesTheTracer) {
  auto process = start(sh("read forever").with_open_input());
  Tracer tracer{process.pid()};
  if (tracer.error() != 0) NETRIG_SKIP("ptrace", "ptrace is not permitted here: " << std::strerror(tracer.error()));
  const auto killed = process.kill(Deadline::after(200ms));
  ASSERT_FALSE(killed);
  EXPECT_EQ(killed.error().code, ETIMEDOUT);
  EXPECT_THAT(killed.error().message(), tracer.is_told_of(process.pid(), "sh"));
  tracer.let_go();
  EXPECT_EQ(process.kill(soon()), ExitStatus{SIGKILL});
}

// What the destructors of the rig's told, while this lives.
class TeardownFailures {
 public:
  TeardownFailures() {
    told() = {};
    set_teardown_failure_handler([](const char* what) { told() += what; });
  }
  TeardownFailures(const TeardownFailures&) = delete;
  TeardownFailures& operator=(const TeardownFailures&) = delete;
  ~TeardownFailures() { set_teardown_failure_handler(before_); }

  static std::string& told() {
    static std::string all;
    return all;
  }

 private:
  TeardownFailureHandler before_ = detail::teardown_failure_handler.load();
};

TEST_F(TracedTest, AHandleOfAProgramThatATracerHoldsLetsItBeAndTellsWhoDoes) {
  auto process = std::make_optional(start(sh("read forever").with_open_input()));
  const auto pid = process->pid();
  Tracer tracer{pid};
  if (tracer.error() != 0) NETRIG_SKIP("ptrace", "ptrace is not permitted here: " << std::strerror(tracer.error()));
  {
    const TeardownFailures failures;
    held_patience = 200ms;
    const ScopeExit restore{[] { held_patience = kHeldPatience; }};
    process.reset();
    EXPECT_THAT(failures.told(), tracer.is_told_of(pid, "sh"));
  }
  tracer.let_go();
  const auto ended = programs_->end(soon());
  EXPECT_TRUE(ended) << ended.error();
}

TEST_F(TracedTest, KillingAndReapingWhatATracerHoldsEndsAtTheDeadlineAndNamesTheTracer) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) ::pause();
  }
  Tracer tracer{child};
  const auto killed = kill_and_reap(child, Deadline::after(200ms), 1min);
  tracer.let_go();
  const auto reaped = kill_and_reap(child, soon(), 1min);
  EXPECT_TRUE(reaped) << reaped.error();
  EXPECT_EQ(::waitpid(child, nullptr, WNOHANG), -1);
  if (tracer.error() != 0) NETRIG_SKIP("ptrace", "ptrace is not permitted here: " << std::strerror(tracer.error()));
  ASSERT_FALSE(killed);
  EXPECT_THAT(killed.error().message(), testing::HasSubstr(" traces process " + std::to_string(child) + " "));
}

TEST_F(TracedTest, KillingAndReapingGoesOnWhenTheTracerLetsGo) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) ::pause();
  }
  Tracer tracer{child};
  const UniqueFd dead{static_cast<int>(::syscall(SYS_pidfd_open, child, 0))};
  std::thread later{[&] {
    std::ignore = wait_readable(dead.get(), soon());
    tracer.let_go();
  }};
  const auto reaped = kill_and_reap(child, soon(), 1min);
  later.join();
  EXPECT_TRUE(reaped) << reaped.error();
}

// Not reaped, by this process's fault as little as by a tracer's: it cannot be known which.
TEST(WhyHeld, OfADeadOneIsWhoeverIsToReapItOrATracerThatCannotBeSeen) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) ::_exit(0);
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  EXPECT_THAT(why_held(child),
              testing::Optional(testing::StartsWith("it is dead and not yet reaped: this process is behind, or a ")));
  ::waitpid(child, nullptr, 0);
}

// Its first thread is a zombie, as that of a process is whose other threads still end: nobody may reap it yet.
TEST(WhyHeld, OfOneWithALivingThreadIsNobody) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::thread{[] {
      for (;;) ::pause();
    }}.detach();
    ::syscall(SYS_exit, 0);
  }
  const auto state = [&] {
    std::ifstream status{"/proc/" + std::to_string(child) + "/status"};
    return std::string{std::istreambuf_iterator<char>{status}, {}};
  };
  const auto is_zombie = [&] { return state().contains("State:\tZ"); };
  EXPECT_TRUE(eventually(60s, is_zombie)) << state();
  EXPECT_EQ(why_held(child), std::nullopt) << state();
  EXPECT_TRUE(kill_and_reap(child, soon(), 1min));
}

TEST(WhyHeld, OfALivingOneIsNobody) { EXPECT_EQ(why_held(::getpid()), std::nullopt); }

}  // namespace
}  // namespace netrig::process
