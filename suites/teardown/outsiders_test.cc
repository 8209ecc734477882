// The documented exceptions: somebody outside refers to what should be gone. It is told who, and the sandbox goes when
// they let go.
#include <netrig/base/deadline.h>
#include <netrig/base/error.h>
#include <netrig/sandbox/holders.h>
#include <netrig/suites/teardown/surroundings.h>
#include <netrig/suites/teardown/teardown_test.h>
#include <netrig/testing/skip.h>

#include <gmock/gmock.h>

#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sched.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <tuple>
#include <unistd.h>

namespace netrig::teardown {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// The kernel gives the name of a namespace that is gone to the next one: whoever made that may hold it by now.
MATCHER_P(IsPrintedWith, text, "") { return testing::PrintToString(arg).find(text) != std::string::npos; }

std::string path_of(pid_t pid, const char* what) { return "/proc/" + std::to_string(pid) + "/" + what; }

// A process beside the sandbox that does something with it and then does nothing. It ends with this object.
class Outsider {
 public:
  /// `act` gives an exit status, or 0 when it is done.
  explicit Outsider(const std::function<int()>& act) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw SetupError{Error::from_errno("make a pipe", "", errno)};
    const UniqueFd done{ends[0]};
    UniqueFd said{ends[1]};
    pid_ = ::fork();
    if (pid_ == 0) {
      const int status = act();
      if (status != 0 || ::write(said.get(), "d", 1) != 1) ::_exit(status);
      for (;;) ::pause();
    }
    said.reset();
    char letter = 0;
    acted_ = ::read(done.get(), &letter, 1) == 1;
  }
  Outsider(const Outsider&) = delete;
  Outsider& operator=(const Outsider&) = delete;
  ~Outsider() { let_go(); }

  [[nodiscard]] bool acted() const { return acted_; }
  [[nodiscard]] std::string name() const { return "process " + std::to_string(pid_) + " (netrig_teardown"; }
  void let_go() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    std::ignore = ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

 private:
  pid_t pid_ = -1;
  bool acted_ = false;
};

class OutsidersTest : public TeardownTest {
 protected:
  OutsidersTest() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw SetupError{Error::from_errno("make a pipe", "", errno)};
    printed_.reset(ends[0]);
    output_.reset(ends[1]);
  }

  // What the supervisor prints, up to the end of a line.
  std::string next_line() {
    std::string line;
    const Deadline deadline = Deadline::after(kPatience);
    for (char letter = 0; letter != '\n'; line += letter) {
      const auto ready = wait_readable(printed_.get(), deadline);
      if (!ready || !*ready || ::read(printed_.get(), &letter, 1) != 1) break;
    }
    return line;
  }

  [[nodiscard]] VictimOptions waiting() const { return {.arguments = {"wait"}, .output = output_.get()}; }

  UniqueFd printed_, output_;
};

TEST_F(OutsidersTest, ATracerIsNamedAndTheSandboxEndsWhenItLetsGo) {
  Victim victim{waiting()};
  ASSERT_EQ(victim.letters(1), "T");
  const pid_t program = victim.program().value();
  Outsider tracer{[program] { return ::ptrace(PTRACE_SEIZE, program, nullptr, nullptr) == 0 ? 0 : 1; }};
  if (!tracer.acted()) NETRIG_SKIP("ptrace", "ptrace is not permitted here");
  ::kill(victim.init().value(), SIGKILL);
  EXPECT_THAT(next_line(), testing::AllOf(HasSubstr("the sandbox cannot end: " + tracer.name()),
                                          HasSubstr("traces process " + std::to_string(program) + " (netrig_victim)")));
  EXPECT_EQ(state_of(program), 'Z');
  tracer.let_go();
  EXPECT_EQ(victim.wait_supervisor(), exited(70));
  EXPECT_TRUE(victim.all_gone());
}

// In the program's user and pid namespace it starts a child that it never waits for.
int put_a_child_into(pid_t program) {
  const UniqueFd user{::open(path_of(program, "ns/user").c_str(), O_RDONLY | O_CLOEXEC)};
  const UniqueFd pids{::open(path_of(program, "ns/pid").c_str(), O_RDONLY | O_CLOEXEC)};
  if (::setns(user.get(), CLONE_NEWUSER) != 0 || ::setns(pids.get(), CLONE_NEWPID) != 0) return 2;
  const pid_t child = ::fork();
  if (child == 0) {
    for (;;) ::pause();
  }
  return child > 0 ? 0 : 3;
}

TEST_F(OutsidersTest, AParentThatDoesNotReapIsNamedAndTheSandboxEndsWhenItLetsGo) {
  Victim victim{waiting()};
  ASSERT_EQ(victim.letters(1), "T");
  const pid_t program = victim.program().value();
  Outsider parent{[program] { return put_a_child_into(program); }};
  ASSERT_TRUE(parent.acted());
  ::kill(program, SIGKILL);
  EXPECT_THAT(next_line(), HasSubstr("the sandbox cannot end: " + parent.name() + ") has not reaped process "));
  parent.let_go();
  EXPECT_EQ(victim.wait_supervisor(), killed_by(SIGKILL));
  EXPECT_TRUE(victim.all_gone());
}

TEST_F(OutsidersTest, TheHolderOfADescriptorIsNamedAndLetsTheNamespaceGo) {
  Victim victim{waiting()};
  ASSERT_EQ(victim.letters(1), "T");
  const auto path = path_of(victim.program().value(), "ns/net");
  const auto name = sandbox::name_of_namespace(victim.program().value(), "net");
  Outsider holder{[&path] { return ::open(path.c_str(), O_RDONLY) >= 0 ? 0 : 1; }};
  ASSERT_TRUE(holder.acted());
  ::kill(victim.program().value(), SIGKILL);
  EXPECT_EQ(victim.wait_supervisor(), killed_by(SIGKILL));  // after every process of the sandbox
  const auto holders = sandbox::holders_of(name);
  ASSERT_EQ(holders.size(), 1U);
  EXPECT_THAT(testing::PrintToString(holders.front()), HasSubstr(holder.name()));
  EXPECT_THAT(holders.front().how, HasSubstr("holds it by descriptor "));
  const auto process = holder.name();
  holder.let_go();
  EXPECT_THAT(sandbox::holders_of(name), Each(Not(IsPrintedWith(process))));
  EXPECT_TRUE(victim.all_gone());
}

// A mount of the namespace in a mount namespace of its own; opened before, for a relative of the sandbox's user may
// not.
int mount_namespace_at(const std::string& path, const std::string& place) {
  const UniqueFd opened{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  const auto source = "/proc/self/fd/" + std::to_string(opened.get());
  enter_user_namespace(Identity::root);
  if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return 2;
  return ::mount(source.c_str(), place.c_str(), nullptr, MS_BIND, nullptr) == 0 ? 0 : 3;
}

TEST_F(OutsidersTest, TheHolderOfAMountIsNamedAndLetsTheNamespaceGo) {
  Victim victim{waiting()};
  ASSERT_EQ(victim.letters(1), "T");
  const auto path = path_of(victim.program().value(), "ns/net");
  const auto name = sandbox::name_of_namespace(victim.program().value(), "net");
  std::string place = std::filesystem::temp_directory_path() / "netrig-mount-XXXXXX";
  const UniqueFd file{::mkstemp(place.data())};
  Outsider holder{[&] { return mount_namespace_at(path, place); }};
  EXPECT_TRUE(holder.acted());
  ::kill(victim.program().value(), SIGKILL);
  EXPECT_EQ(victim.wait_supervisor(), killed_by(SIGKILL));  // after every process of the sandbox
  EXPECT_THAT(sandbox::holders_of(name),
              ElementsAre(testing::Field(&sandbox::Holder::how, "has it mounted at " + place)));
  const auto process = holder.name();
  holder.let_go();
  EXPECT_THAT(sandbox::holders_of(name), Each(Not(IsPrintedWith(process))));
  EXPECT_TRUE(victim.all_gone());
  std::filesystem::remove(place);
}

}  // namespace
}  // namespace netrig::teardown
