// How a sandbox is entered where the host is not the plain one: in a container, with subordinate ids, under a debugger.
#include <netrig/suites/teardown/outcome.h>
#include <netrig/suites/teardown/surroundings.h>
#include <netrig/suites/teardown/teardown_test.h>
#include <netrig/testing/skip.h>

#include <gmock/gmock.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>
#include <vector>

namespace netrig::teardown {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class EnterTest : public TeardownTest {
 protected:
  static Outcome run_as(Identity identity, std::vector<std::string> arguments,
                        std::vector<std::string> environment = {}) {
    return outcome_of({.arguments = std::move(arguments),
                       .environment = std::move(environment),
                       .surroundings = [identity] { enter_user_namespace(identity); }});
  }
};

// ---- In another user namespace, as in a container ----

TEST_F(EnterTest, WhereTheUserIsRootWithoutOtherIds) {
  EXPECT_THAT(run_as(Identity::root, {"ask", "inside"}).output, StartsWith("inside\npid namespace; "));
  EXPECT_EQ(run_as(Identity::root, {"print-ids"}).output, "uid 0 0 1\ngid 0 0 1\n");
}

TEST_F(EnterTest, WhereTheUserIsAnotherWithoutOtherIds) {
  EXPECT_THAT(run_as(Identity::user, {"ask", "inside"}).output, StartsWith("inside\npid namespace; single id"));
  EXPECT_EQ(run_as(Identity::user, {"print-ids"}).output, "uid 0 1000 1\ngid 0 1000 1\n");
}

TEST_F(EnterTest, WithoutAPidNamespaceInAContainer) {
  for (const auto identity : {Identity::root, Identity::user}) {
    const auto [status, output] = run_as(identity, {"ask", "inside"}, {"NETRIG_SANDBOX=no-pid"});
    EXPECT_EQ(status, exited(0));
    EXPECT_THAT(output, StartsWith("inside\nno pid namespace"));
  }
}

TEST_F(EnterTest, EveryEndArrivesFromWithinAContainer) {
  for (const auto identity : {Identity::root, Identity::user}) {
    for (const int status : {0, 1, 42, 255}) {
      EXPECT_EQ(run_as(identity, {"exit", std::to_string(status)}).status, exited(status));
    }
    for (const int signal : {SIGHUP, SIGKILL, SIGTERM}) {
      EXPECT_EQ(run_as(identity, {"signal", std::to_string(signal)}).status, killed_by(signal));
    }
  }
}

// ---- With more than one id ----

// The ranges of `map` (`uid` or `gid`) that begin with the same id inside and outside.
std::string identity_of(const std::string& map) {
  std::ifstream ranges{"/proc/self/" + map + "_map"};
  std::string lines;
  for (std::string inside, outside, count; ranges >> inside >> outside >> count;) {
    lines.append(map).append(" ").append(inside).append(" ").append(inside).append(" ").append(count).append("\n");
  }
  return lines;
}

// Needs root, whom every id belongs to.
class EnterAsRootTest : public EnterTest {
 protected:
  void SetUp() override {
    EnterTest::SetUp();
    if (!IsSkipped() && !can_become_user()) NETRIG_SKIP("root", "needs root, who has every id and can become any user");
  }
};

TEST_F(EnterAsRootTest, HasEveryId) {
  EXPECT_THAT(outcome_of({.arguments = {"ask", "inside"}}).output,
              StartsWith("inside\npid namespace; full id range; "));
  EXPECT_EQ(outcome_of({.arguments = {"print-ids"}}).output, identity_of("uid") + identity_of("gid"));
}

TEST_F(EnterAsRootTest, HasEveryIdWithinAContainerThatHasThem) {
  EXPECT_THAT(run_as(Identity::every, {"ask", "inside"}).output, StartsWith("inside\npid namespace; full id range; "));
  EXPECT_EQ(run_as(Identity::every, {"print-ids"}).output, identity_of("uid") + identity_of("gid"));
  EXPECT_EQ(run_as(Identity::every, {"exit", "42"}).status, exited(42));
  EXPECT_EQ(run_as(Identity::every, {"signal", "15"}).status, killed_by(SIGTERM));
}

std::string search_path() {
  const char* path = std::getenv("PATH");
  return path != nullptr ? path : "/usr/bin:/bin";
}

// As a user whom only the victim knows. Needs root, who can make one.
class EnterAsUserTest : public EnterAsRootTest {
 protected:
  // What a victim prints as kUser, whose /etc holds `files`. Programs among these come first in PATH.
  static std::string printed(
      const std::string& action, const std::map<std::string, std::string>& files,
      const std::vector<std::string>& environment = {}, const std::function<void()>& then = [] {}) {
    VictimOptions options{.program = "/etc/victim", .arguments = {action, "inside"}, .environment = environment};
    options.environment.push_back("PATH=/etc:" + search_path());
    options.surroundings = [&] {
      enter_user_namespace(Identity::every);
      become_user(files, program_of(Build::real));
      then();
    };
    return outcome_of(options).output;
  }

  // `files` with a program `name` that refuses whatever it is asked.
  static void add_refusing(const std::string& name, std::map<std::string, std::string>& files) {
    files[name] = "#!/bin/sh\nexit 1\n";
  }

  const std::map<std::string, std::string> granted_{{"subuid", kSubordinates}, {"subgid", kSubordinates}};
};

constexpr const char* kOwnIds = "uid 0 20000 1\ngid 0 20000 1\n";
constexpr const char* kHelperFailed = "inside\npid namespace; single id (newuidmap or newgidmap failed); ";

TEST_F(EnterAsUserTest, HasItsOwnIdWithoutSubordinateOnes) {
  EXPECT_THAT(printed("ask", {}), StartsWith("inside\npid namespace; single id; "));
  EXPECT_EQ(printed("print-ids", {}), kOwnIds);
}

TEST_F(EnterAsUserTest, HasItsOwnIdWhereNewuidmapRefusesAndSaysSo) {
  auto files = granted_;
  for (const char* helper : {"newuidmap", "newgidmap"}) add_refusing(helper, files);
  EXPECT_THAT(printed("ask", files), StartsWith(kHelperFailed));
  EXPECT_EQ(printed("print-ids", files), kOwnIds);
}

// Also needs the real newuidmap.
class EnterWithSubordinateIdsTest : public EnterAsUserTest {
 protected:
  void SetUp() override {
    EnterAsUserTest::SetUp();
    if (!IsSkipped() && !is_installed("newuidmap"))
      NETRIG_SKIP("tool-newuidmap", "needs newuidmap, which is not installed");
  }

  static bool is_installed(const std::string& program) {
    std::istringstream folders{search_path()};
    for (std::string folder; std::getline(folders, folder, ':');) {
      if (std::filesystem::exists(std::filesystem::path{folder} / program)) return true;
    }
    return false;
  }
};

constexpr const char* kSubordinateIds = "uid 0 20000 1\nuid 1 30000 1000\ngid 0 20000 1\ngid 1 30000 1000\n";

TEST_F(EnterWithSubordinateIdsTest, HasThemBesideItsOwn) {
  EXPECT_THAT(printed("ask", granted_), StartsWith("inside\npid namespace; own id and subordinate ids; "));
  EXPECT_EQ(printed("print-ids", granted_), kSubordinateIds);
}

TEST_F(EnterWithSubordinateIdsTest, HasThemWithoutAPidNamespaceToo) {
  const std::vector<std::string> in_place{"NETRIG_SANDBOX=no-pid"};
  EXPECT_THAT(printed("ask", granted_, in_place),
              AllOf(HasSubstr("no pid namespace"), HasSubstr("; own id and subordinate ids; ")));
  EXPECT_EQ(printed("print-ids", granted_, in_place), kSubordinateIds);
}

TEST_F(EnterWithSubordinateIdsTest, HasItsOwnGroupWhereOnlyNewgidmapRefuses) {
  auto files = granted_;
  add_refusing("newgidmap", files);
  EXPECT_THAT(printed("ask", files), StartsWith(kHelperFailed));
  EXPECT_EQ(printed("print-ids", files), "uid 0 20000 1\nuid 1 30000 1000\ngid 0 20000 1\n");
}

// As in a container with no-new-privileges: newuidmap is there and gets no privilege.
TEST_F(EnterWithSubordinateIdsTest, HasItsOwnIdWhereNewuidmapHasNoPrivilege) {
  EXPECT_THAT(printed("ask", granted_, {}, give_up_new_privileges), StartsWith(kHelperFailed));
  EXPECT_EQ(printed("print-ids", granted_, {}, give_up_new_privileges), kOwnIds);
}

// ---- Under a debugger ----

TEST_F(EnterTest, AProgramUnderADebuggerStaysInItsPidNamespaceAndSaysSo) {
  const auto [status, output] = outcome_of({.arguments = {"ask", "inside"}, .traced = true});
  if (status == exited(92)) NETRIG_SKIP("ptrace", "ptrace is not permitted here");
  EXPECT_EQ(status, exited(0));
  EXPECT_THAT(output, StartsWith("inside\nno pid namespace (a debugger's view)"));
}

// Beside it there is the server of program spaces alone.
bool is_the_process_that_was_started(const Victim& victim) {
  return !victim.program() && victim.processes().size() == 2;
}

TEST_F(EnterTest, AProgramUnderADebuggerStaysTheProcessThatWasStarted) {
  Victim victim{{.arguments = {"wait"}, .blocked = {SIGCHLD}, .traced = true}};
  start_traced(victim);
  if (victim.letters(1).empty()) NETRIG_SKIP("ptrace", "ptrace is not permitted here");
  EXPECT_TRUE(is_the_process_that_was_started(victim));
}

TEST_F(EnterTest, AProgramUnderADebuggerGetsThePidNamespaceItInsistsOn) {
  const auto [status, output] =
      outcome_of({.arguments = {"ask", "inside"}, .environment = {"NETRIG_SANDBOX=pid"}, .traced = true});
  if (status == exited(92)) NETRIG_SKIP("ptrace", "ptrace is not permitted here");
  EXPECT_EQ(status, exited(0));
  EXPECT_THAT(output, StartsWith("inside\npid namespace"));
}

TEST_F(EnterTest, NoPidKeepsTheProcessThatWasStarted) {
  Victim victim{{.arguments = {"wait"}, .environment = {"NETRIG_SANDBOX=no-pid"}}};
  EXPECT_EQ(victim.letters(1), "T");
  EXPECT_TRUE(is_the_process_that_was_started(victim));
}

TEST_F(EnterTest, NoPidSaysWhatIsWeaker) {
  const auto [status, output] = outcome_of({.arguments = {"ask", "inside"}, .environment = {"NETRIG_SANDBOX=no-pid"}});
  EXPECT_EQ(status, exited(0));
  EXPECT_THAT(output,
              StartsWith("inside\nno pid namespace (a debugger's view): the end of stray processes is best effort"));
}

}  // namespace
}  // namespace netrig::teardown
