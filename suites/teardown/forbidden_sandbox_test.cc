// A host that permits no sandbox says why, and how it would; and who only asks for information needs none.
#include <netrig/suites/teardown/outcome.h>
#include <netrig/suites/teardown/seccomp.h>
#include <netrig/suites/teardown/surroundings.h>
#include <netrig/suites/teardown/teardown_test.h>

#include <gmock/gmock.h>

#include <filesystem>
#include <functional>
#include <sstream>
#include <sys/syscall.h>

namespace netrig::teardown {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Ne;
using testing::Not;

constexpr const char* kReason =
    "no sandbox: make a network namespace: ENOSPC (No space left on device): user.max_net_namespaces is 0; remedy: "
    "sudo sysctl -w user.max_net_namespaces=10000 [netrig doctor: net-namespace]";

std::function<void()> without_namespaces_of(const std::string& kind) {
  return [kind] {
    enter_user_namespace(Identity::root);
    limit_namespaces(kind, 0);
  };
}

class ForbiddenSandboxTest : public TeardownTest {
 protected:
  static void expect_reason(const std::string& kind, const std::string& in_words,
                            const std::vector<std::string>& environment = {}) {
    const auto [status, output] = outcome_of(
        {.arguments = {"ask", "outside"}, .environment = environment, .surroundings = without_namespaces_of(kind)});
    const std::string setting = "user.max_" + kind + "_namespaces";
    EXPECT_EQ(status, exited(0));
    EXPECT_EQ(output, "outside\nno sandbox: make a " + in_words + " namespace: ENOSPC (No space left on device): " +
                          setting + " is 0; remedy: sudo sysctl -w " + setting +
                          "=10000 [netrig doctor: " + (kind == "mnt" ? "mount" : kind) + "-namespace]\n");
  }
};

TEST_F(ForbiddenSandboxTest, NamesTheNamespaceThatIsRefusedItsLimitAndTheRemedy) {
  expect_reason("user", "user");
  expect_reason("pid", "pid");
  expect_reason("mnt", "mount");
  expect_reason("net", "network");
}

TEST_F(ForbiddenSandboxTest, NamesItForASandboxWithoutAPidNamespaceToo) {
  expect_reason("user", "user", {"NETRIG_SANDBOX=no-pid"});
  expect_reason("mnt", "mount", {"NETRIG_SANDBOX=no-pid"});
  expect_reason("net", "network", {"NETRIG_SANDBOX=no-pid"});
}

// Else the first lab would break, in the middle of a test.
TEST_F(ForbiddenSandboxTest, NamesTheFilterThatForbidsLabsToEnterTheirNodes) {
  for (const char* mode : {"pid", "no-pid"}) {
    const auto [status, output] = outcome_of({.arguments = {"ask", "outside"},
                                              .environment = {std::string{"NETRIG_SANDBOX="} + mode},
                                              .surroundings = [] { forbid_system_calls({SYS_setns}); }});
    EXPECT_EQ(status, exited(0));
    EXPECT_THAT(output, AllOf(HasSubstr("outside\nno sandbox: enter a network namespace by setns(2): EPERM"),
                              HasSubstr("the container's seccomp profile forbids setns(2); remedy: docker run"),
                              HasSubstr("[netrig doctor: enter]")))
        << mode;
  }
}

TEST_F(ForbiddenSandboxTest, NamesTheStepAtWhichAFilterKills) {
  for (const char* mode : {"pid", "no-pid"}) {
    const auto [status, output] = outcome_of({.arguments = {"ask", "outside"},
                                              .environment = {std::string{"NETRIG_SANDBOX="} + mode},
                                              .surroundings = [] { kill_on_system_calls({SYS_mount}); }});
    EXPECT_EQ(status, exited(0));
    EXPECT_THAT(output,
                AllOf(HasSubstr("outside\nno sandbox: make every mount private: the sandbox's init was killed by "
                                "signal 31 (SIGSYS): a seccomp filter kills"),
                      HasSubstr("[netrig doctor: private-mounts]")))
        << mode;
  }
}

// The init calls it once the program runs, which nobody else here does.
TEST_F(ForbiddenSandboxTest, NamesTheFilterThatKillsTheInitOfAProgram) {
  const auto [status, output] =
      outcome_of({.arguments = {"wait"}, .surroundings = [] { kill_on_system_calls({SYS_close_range}); }});
  EXPECT_EQ(status, exited(70));
  EXPECT_THAT(output, AllOf(HasSubstr("netrig: the sandbox's init was killed by signal 31 (SIGSYS): a seccomp filter "
                                      "kills whoever makes a system call that it takes to fork the test program, and "
                                      "to serve it; every process of the sandbox is gone with it\n"),
                            Not(HasSubstr("no sandbox"))));
}

// A test program of a user's, linked with netrig::gtest_main.
class UsersProgramTest : public TeardownTest {
 protected:
  static Outcome run(const std::vector<std::string>& arguments, const std::function<void()>& surroundings = {},
                     const std::vector<std::string>& environment = {}) {
    return outcome_of(
        {.program = std::filesystem::path{program_of(Build::real)}.replace_filename("netrig_gtest_victim"),
         .arguments = arguments,
         .environment = environment,
         .surroundings = surroundings});
  }

  // The namespaces that its processes printed.
  static std::vector<std::string> namespaces_in(const std::string& output) {
    std::vector<std::string> found;
    std::istringstream lines{output};
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("namespaces: ")) found.push_back(line);
    }
    return found;
  }

  // Whether it ran with `argument` from its start to its end in this process's namespaces.
  static void expect_no_sandbox(const std::string& argument, const std::string& printed,
                                const std::function<void()>& surroundings) {
    const std::string here = "namespaces: " + std::filesystem::read_symlink("/proc/self/ns/pid").string() + " " +
                             std::filesystem::read_symlink("/proc/self/ns/net").string();
    const auto [status, output] = run({argument}, surroundings, {"NETRIG_REQUIRE=1"});
    EXPECT_EQ(status, exited(0)) << argument;
    EXPECT_THAT(output, AllOf(HasSubstr(printed), Not(HasSubstr("netrig:")), Not(HasSubstr("no sandbox")))) << argument;
    EXPECT_THAT(namespaces_in(output), ElementsAre(here, here)) << argument;
  }
};

TEST_F(UsersProgramTest, RunsInNamespacesOfItsOwn) {
  const auto [status, output] = run({});
  EXPECT_EQ(status, exited(0)) << output;
  EXPECT_THAT(output, AllOf(HasSubstr("it has one"), HasSubstr("[  PASSED  ] 1 test")));
  const auto namespaces = namespaces_in(output);
  ASSERT_EQ(namespaces.size(), 3U) << output;  // the supervisor at its start, the program at its start and end
  EXPECT_NE(namespaces[0], namespaces[1]);
  EXPECT_EQ(namespaces[1], namespaces[2]);
}

TEST_F(UsersProgramTest, SkipsItsTestsWithTheReasonWhereASandboxIsForbidden) {
  const auto [status, output] = run({}, without_namespaces_of("net"));
  EXPECT_EQ(status, exited(0));
  EXPECT_THAT(output, AllOf(HasSubstr(kReason), HasSubstr("[  SKIPPED ] 1 test"), Not(HasSubstr("it has one"))));
}

TEST_F(UsersProgramTest, FailsWithTheReasonWhereASandboxIsForbiddenAndRequired) {
  const auto [status, output] = run({}, without_namespaces_of("net"), {"NETRIG_REQUIRE=1"});
  EXPECT_EQ(status, exited(1));
  EXPECT_THAT(output,
              AllOf(HasSubstr(std::string{"netrig: NETRIG_REQUIRE=1, and "} + kReason), Not(HasSubstr("[ RUN"))));
}

TEST_F(UsersProgramTest, ListsItsTestsWithoutASandbox) {
  expect_no_sandbox("--gtest_list_tests", "OfAUser.\n  NeedsASandbox\n", {});
}

TEST_F(UsersProgramTest, ListsItsTestsWhereASandboxIsForbidden) {
  for (const char* kind : {"user", "net"}) {
    expect_no_sandbox("--gtest_list_tests", "OfAUser.\n  NeedsASandbox\n", without_namespaces_of(kind));
  }
}

TEST_F(UsersProgramTest, ShowsItsHelpWithoutASandbox) { expect_no_sandbox("--help", "--gtest_list_tests", {}); }

TEST_F(UsersProgramTest, ShowsItsHelpWhereASandboxIsForbidden) {
  for (const char* kind : {"user", "net"}) {
    expect_no_sandbox("--help", "--gtest_list_tests", without_namespaces_of(kind));
  }
}

}  // namespace
}  // namespace netrig::teardown
