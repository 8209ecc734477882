// What a program finds when it starts, and what is said when it cannot.
#include <netrig/base/open_files.h>
#include <netrig/process/test_lab.h>
#include <netrig/testing/skip.h>

#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace netrig::process {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class LaunchTest : public LabOfOneNode {};

TEST_F(LaunchTest, GivesStatusAndBothStreams) {
  const auto done = run(sh("echo out; echo err >&2; exit 3"));
  EXPECT_EQ(done.status, ExitStatus{3 << 8});
  EXPECT_EQ(done.out, "out\n");
  EXPECT_EQ(done.err, "err\n");
}

TEST_F(LaunchTest, NamesTheSignalThatEndedAProgram) { EXPECT_EQ(run(sh("kill -SEGV $$")).status.signal(), SIGSEGV); }

TEST_F(LaunchTest, SaysThatAProgramIsNotInPath) {
  const auto refused = try_run({"no-such-program", "--bad"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ENOENT);
  EXPECT_THAT(
      refused.error().message(),
      StartsWith("run \"no-such-program --bad\" in \"server\": ENOENT (No such file or directory): not found in "
                 "PATH ("));
}

TEST_F(LaunchTest, SaysThatAFileIsNotInTheNode) {
  const auto refused = try_run({"/no/such/file"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message(),
            "run \"/no/such/file\" in \"server\": ENOENT (No such file or directory): no such file in the node, or its "
            "interpreter is missing");
}

TEST_F(LaunchTest, SaysThatAFileMayNotBeRun) {
  const auto refused = try_run({"/etc/hosts"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, EACCES);
}

TEST_F(LaunchTest, SaysThatAScriptNeedsAnInterpreter) {
  output_of("echo true > /run/script; chmod +x /run/script");
  const auto refused = try_run({"/run/script"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ENOEXEC);
  EXPECT_THAT(refused.error().message(), HasSubstr("a script needs a #! line"));
}

TEST_F(LaunchTest, RefusesAnEmptyCommand) {
  const auto refused = try_run(Command{std::vector<std::string>{}});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("the command is empty"));
}

TEST_F(LaunchTest, SaysWhichFileInPathMayNotBeRun) {
  output_of("echo text > /run/tool");
  const auto refused = try_run(Command{"tool"}.with_env("PATH", "/nowhere:/run:/usr/bin"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message(), "run \"tool\" in \"server\": EACCES (Permission denied): found as /run/tool");
}

TEST_F(LaunchTest, LeavesNothingAfterAFailedLaunch) {
  ASSERT_FALSE(try_run({"/no/such/file"}));
  EXPECT_THAT(output_of("cd /proc; echo [0-9]*"), testing::MatchesRegex("1 [0-9]+\n"));  // the init and the shell
}

TEST_F(LaunchTest, FindsTheNetworksToolsWhateverPathSays) {
  const auto path = output_of("echo $PATH");
  EXPECT_THAT(":" + path, testing::ContainsRegex("[:]/usr/sbin[:\n]"));
  EXPECT_THAT(":" + path, testing::ContainsRegex("[:]/sbin[:\n]"));
}

TEST_F(LaunchTest, SearchesThePathItWasGiven) {
  output_of("printf '#!/bin/sh\\necho mine\\n' > /run/tool && chmod +x /run/tool");
  EXPECT_EQ(run(Command{"tool"}.with_env("PATH", "/nowhere:/run")).out, "mine\n");
}

TEST_F(LaunchTest, HasThisProcesssEnvironmentAndTheToolsInItsPath) {
  std::multiset<std::string> expected;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!std::string_view{*variable}.starts_with("PATH=")) expected.emplace(*variable);
  }
  expected.insert("PATH=" + output_of("printf %s \"$PATH\""));
  std::multiset<std::string> seen;
  std::istringstream variables{run({"env", "-0"}).out};
  for (std::string variable; std::getline(variables, variable, '\0');) seen.insert(variable);
  EXPECT_EQ(seen, expected);
}

TEST_F(LaunchTest, SetsRemovesAndClearsTheEnvironment) {
  EXPECT_EQ(run(sh("echo $COLOUR").with_env("COLOUR", "blue")).out, "blue\n");
  EXPECT_EQ(run(sh("echo ${HOME-none}").without_env("HOME")).out, "none\n");
  EXPECT_EQ(run(Command{"env"}.with_clean_environment().with_env("A", "b")).out,
            "A=b\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n");
}

TEST_F(LaunchTest, RefusesAnEnvironmentThatCannotBe) {
  EXPECT_FALSE(try_run(Command{"true"}.with_env("A=B", "c")));
  EXPECT_FALSE(try_run(Command{"true"}.with_env("", "c")));
}

TEST_F(LaunchTest, RunsInTheDirectoryItWasGiven) {
  EXPECT_EQ(run(Command{"pwd"}.in_directory("/run")).out, "/run\n");
  const auto refused = try_run(Command{"pwd"}.in_directory("/no/such"));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("cannot enter its working directory /no/such"));
}

TEST_F(LaunchTest, GetsTextAsInput) { EXPECT_EQ(run(Command{"cat"}.with_input("a\nb")).out, "a\nb"); }

TEST_F(LaunchTest, GetsAnEmptyInputByDefault) { EXPECT_EQ(run({"cat"}).out, ""); }

TEST_F(LaunchTest, GetsInputBeyondAPipesSize) {
  const std::string text(3U << 20U, 'x');
  EXPECT_EQ(run(Command{"wc", "-c"}.with_input(text)).out, std::to_string(text.size()) + "\n");
}

TEST_F(LaunchTest, ToleratesAProgramThatDoesNotReadItsInput) {
  EXPECT_TRUE(run(Command{"true"}.with_input(std::string(3U << 20U, 'x'))).success());
}

TEST_F(LaunchTest, HasNoDescriptorsButThree) {
  const UniqueFd inheritable{::open("/dev/null", O_RDONLY)};  // NOLINT(android-cloexec-open): that is the point
  const UniqueFd high{::fcntl(inheritable.get(), F_DUPFD, 500)};
  EXPECT_EQ(run({"ls", "-x", "/proc/self/fd"}).out, "0  1  2  3\n");  // 3 is ls reading the directory
}

TEST_F(LaunchTest, GetsTheDescriptorsItWasGiven) {
  const UniqueFd zero{::open("/dev/zero", O_RDONLY | O_CLOEXEC)};
  const UniqueFd null{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
  // Each gets the other's number, so that one is in the way of the other.
  const auto command = sh("readlink /proc/self/fd/" + std::to_string(null.get()) + " /proc/self/fd/" +
                          std::to_string(zero.get()) + " /proc/self/fd/9");
  auto swapped = command;
  swapped.passing(zero.get(), null.get()).passing(null.get(), zero.get()).passing(zero.get(), 9);
  EXPECT_EQ(run(swapped).out, "/dev/zero\n/dev/null\n/dev/zero\n");
}

TEST_F(LaunchTest, RefusesADescriptorThatIsNotOpen) {
  const auto refused = try_run(Command{"true"}.passing(999, 9));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, EBADF);
  EXPECT_FALSE(try_run(Command{"true"}.passing(0, 1)));
}

TEST_F(LaunchTest, HasTheFileLimitThatWasBeforeARaise) {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  if (limit.rlim_max < 2000)
    NETRIG_SKIP("limit-descriptors", "the hard limit of open files leaves no room for a raise");
  limit.rlim_cur = 1000;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  ASSERT_TRUE(make_room_for_files(1500));
  EXPECT_EQ(output_of("ulimit -S -n"), "1000\n");
}

TEST_F(LaunchTest, HasDefaultSignals) {
  struct sigaction ignore{};
  struct sigaction before{};
  ignore.sa_handler = SIG_IGN;
  ASSERT_EQ(::sigaction(SIGUSR1, &ignore, &before), 0);
  sigset_t blocked;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGUSR2);
  ::pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
  const auto status = run({"grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"}).out;
  ::pthread_sigmask(SIG_UNBLOCK, &blocked, nullptr);
  ::sigaction(SIGUSR1, &before, nullptr);
  EXPECT_EQ(status, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

TEST_F(LaunchTest, LeadsASessionAndAProcessGroup) {
  // Fields 1, 5 and 6 of proc(5)'s stat: process, process group, session.
  EXPECT_EQ(output_of("set -- $(cat /proc/self/stat); test $5 = $6 && test $5 = $$ && echo leads"), "leads\n");
}

TEST_F(LaunchTest, RunsWithoutCapabilitiesWhenAskedTo) {
  EXPECT_NE(output_of("grep CapEff /proc/self/status"), "CapEff:\t0000000000000000\n");
  const auto bare = run(sh("grep -E 'Cap(Prm|Eff|Bnd|Amb)|NoNewPrivs' /proc/self/status").without_capabilities());
  EXPECT_EQ(bare.out,
            "CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nCapBnd:\t0000000000000000\n"
            "CapAmb:\t0000000000000000\nNoNewPrivs:\t1\n");
  EXPECT_FALSE(run(Command{"ip", "link", "set", "lo", "up"}.without_capabilities()).success());
  EXPECT_TRUE(run({"ip", "link", "set", "lo", "up"}).success());
}

TEST_F(LaunchTest, KeepsTheCapabilitiesOverItsNetworkAloneWhenAskedTo) {
  // CAP_NET_BIND_SERVICE, CAP_NET_ADMIN and CAP_NET_RAW are numbers 10, 12 and 13.
  const auto shown = sh("grep -E 'Cap|NoNewPrivs' /proc/self/status").with_network_capabilities_only();
  EXPECT_EQ(run(shown).out,
            "CapInh:\t0000000000000000\nCapPrm:\t0000000000003400\nCapEff:\t0000000000003400\n"
            "CapBnd:\t0000000000003400\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\n");
  EXPECT_TRUE(run(Command{"ip", "link", "set", "lo", "up"}.with_network_capabilities_only()).success());
  EXPECT_TRUE(run(sh("echo 1 > /proc/sys/net/ipv4/ip_forward").with_network_capabilities_only()).success());
  EXPECT_FALSE(run(sh("mount -t tmpfs none /mnt").with_network_capabilities_only()).success());
  EXPECT_FALSE(run(sh("unshare --net true").with_network_capabilities_only()).success());
}

TEST_F(LaunchTest, HasAllCapabilitiesUnlessToldOtherwise) {
  std::ifstream file{"/proc/sys/kernel/cap_last_cap"};
  int last = 0;
  ASSERT_TRUE(file >> last);
  char all[17];
  std::snprintf(all, sizeof all, "%016llx", (2ULL << last) - 1);
  const std::string text{all};
  EXPECT_EQ(output_of("grep -E 'Cap|NoNewPrivs' /proc/self/status"),
            "CapInh:\t0000000000000000\nCapPrm:\t" + text + "\nCapEff:\t" + text + "\nCapBnd:\t" + text +
                "\nCapAmb:\t0000000000000000\nNoNewPrivs:\t0\n");
}

TEST_F(LaunchTest, LeavesTheThreadsOwnPidNamespaceAsItWas) {
  const auto own = [] { return std::filesystem::read_symlink("/proc/thread-self/ns/pid_for_children"); };
  const auto before = own();
  EXPECT_NE(output_of("readlink /proc/self/ns/pid"), before.string() + "\n");
  EXPECT_EQ(own(), before);
  EXPECT_FALSE(try_run({"/no/such/file"}));
  EXPECT_EQ(own(), before);
}

TEST_F(LaunchTest, WorksFromManyThreadsAtOnce) {
  std::vector<std::thread> threads;
  std::vector<int> good(8, 0);
  for (int& count : good) {
    threads.emplace_back([&] {
      for (int i = 0; i < 25; ++i) {
        const auto text = std::to_string(i);
        const auto done = try_run({"echo", text});
        if (done && done->out == text + "\n") ++count;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(good, testing::Each(25));
}

}  // namespace
}  // namespace netrig::process
