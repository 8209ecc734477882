// Children that resist their end, of each kind, however the sandbox ends: nothing of them is left.
#include <netrig/suites/teardown/observer.h>
#include <netrig/suites/teardown/teardown_test.h>

#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <string>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace netrig::teardown {
namespace {

struct Resisting {
  const char* argument;  // of the program
  const char* what;
};

constexpr Resisting kResisting[] = {
    {"daemon", "a daemon that forked twice"},
    {"session", "a session of its own"},
    {"deaf", "every signal ignored and blocked"},
    {"stopped", "a stopped process"},
    {"traced", "a process held by its tracer"},
    {"pid-namespaces", "pid namespaces in pid namespaces"},
    {"user-namespace", "a user namespace with namespaces of its own"},
    {"descriptors", "descriptors of namespaces"},
    {"descriptors-in-flight", "descriptors of namespaces in messages that nobody receives"},
    {"connections", "connections in FIN_WAIT and lingering"},
    {"mounts", "mounts of its own"},
    {"shell", "a shell with background jobs"},
};

struct Finish {
  const char* what;
  const char* argument;
  int (*strike)(Victim&);  // gives the supervisor's status
};

constexpr Finish kFinishes[] = {
    {"the test ends", "end", [](Victim&) { return exited(0); }},
    {"KILL to the test", "wait",
     [](Victim& victim) {
       ::kill(victim.program().value(), SIGKILL);
       return killed_by(SIGKILL);
     }},
    {"KILL to the supervisor", "wait",
     [](Victim& victim) {
       ::kill(victim.supervisor(), SIGKILL);
       return killed_by(SIGKILL);
     }},
    {"KILL to the init", "wait",
     [](Victim& victim) {
       ::kill(victim.init().value(), SIGKILL);
       return exited(70);
     }},
};

bool tracing_is_permitted() {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0 ? 0 : 1);
  int status = -1;
  ::waitpid(child, &status, 0);
  return status == 0;
}

// LeakSanitizer looks for leaks by tracing, which a traced child and a stopped one keep it from.
std::vector<std::string> environment_of(const Observer& observer) {
  auto variables = observer.environment();
  variables.emplace_back("LSAN_OPTIONS=detect_leaks=0");
  return variables;
}

class ResistingTest : public TeardownTest {
 protected:
  // Each end of a child of `kind`; `place`: the test's own child, or a program of a lab.
  void end_each_way(Observer& observer, const Resisting& kind, const char* place) const {
    for (const auto& end : kFinishes) {
      const std::string fault = std::string{kind.what} + ": " + end.what;
      Victim victim{{.program = program_beside("netrig_resisting"),
                     .arguments = {kind.argument, place, end.argument},
                     .environment = environment_of(observer),
                     .output = silence_.get()}};
      EXPECT_EQ(victim.letters(2), "RT") << fault;
      const int status = end.strike(victim);
      EXPECT_EQ(victim.wait_supervisor(), status) << fault;
      observer.note(fault, victim);
    }
  }

  void end_each_way(const char* place) const {
    const bool traces = tracing_is_permitted();
    const auto table = observe([&](Observer& observer) {
      for (const auto& kind : kResisting) {
        if (traces || std::string_view{kind.argument} != "traced") end_each_way(observer, kind, place);
      }
    });
    if (!IsSkipped()) table.record();
  }

  UniqueFd silence_{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
};

TEST_F(ResistingTest, ChildrenOfTheTestLeaveNothing) { end_each_way("test"); }

TEST_F(ResistingTest, ProgramsOfALabLeaveNothing) { end_each_way("space"); }

// Without a pid namespace the test's own strays are best effort, but a lab's programs are not: their init dies with the
// test though it is stopped, and whoever made it.
TEST_F(ResistingTest, StoppedProgramsOfALabDieWithATestThatHasNoPidNamespace) {
  Victim victim{{.arguments = {"stopped-daemons"}, .environment = {"NETRIG_SANDBOX=no-pid"}}};
  EXPECT_EQ(victim.letters(3), "DLT");
  const auto servers = children_of(victim.supervisor());
  ASSERT_EQ(servers.size(), 1U);
  for (const pid_t pid : victim.processes()) {
    if (pid != victim.supervisor()) ::kill(pid, SIGSTOP);
  }
  ::kill(victim.supervisor(), SIGSTOP);
  ::kill(victim.supervisor(), SIGKILL);
  EXPECT_EQ(victim.wait_supervisor(), killed_by(SIGKILL));
  for (const pid_t child : children_of(::getpid())) {
    std::error_code gone;
    const bool stray =
        std::filesystem::equivalent("/proc/" + std::to_string(child) + "/ns/pid", "/proc/self/ns/pid", gone);
    if (stray && child != servers.front()) ::kill(child, SIGKILL);
  }
  EXPECT_TRUE(victim.all_gone());
}

}  // namespace
}  // namespace netrig::teardown
