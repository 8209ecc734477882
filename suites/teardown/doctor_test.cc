// `netrig doctor` on hosts that lack something: made for it, one each.
#include <netrig/base/error.h>
#include <netrig/suites/teardown/outcome.h>
#include <netrig/suites/teardown/seccomp.h>
#include <netrig/suites/teardown/surroundings.h>
#include <netrig/suites/teardown/teardown_test.h>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sched.h>
#include <set>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>

namespace netrig::teardown {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;

void enter_own_mounts() {
  enter_user_namespace(Identity::root);
  require(::unshare(CLONE_NEWNS) == 0, "unshare the mount namespace");
  require(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "make the mounts private");
}

class DoctorTest : public TeardownTest {
 protected:
  static Outcome doctor(std::vector<std::string> arguments, const std::function<void()>& surroundings = {},
                        const std::vector<std::string>& environment = {}) {
    arguments.insert(arguments.begin(), "doctor");
    return outcome_of({.program = NETRIG_COMMAND,
                       .arguments = std::move(arguments),
                       .environment = environment,
                       .surroundings = surroundings});
  }
  // The check of that id in the report in JSON.
  static nlohmann::json check(const std::string& id, const std::function<void()>& surroundings = {},
                              const std::vector<std::string>& environment = {}) {
    const auto report = nlohmann::json::parse(doctor({"--json"}, surroundings, environment).output);
    for (const auto& each : report.at("checks")) {
      if (each.at("id") == id) return each;
    }
    return {};
  }
};

TEST_F(DoctorTest, IsContentWithAHostThatPermitsASandbox) {
  const auto [status, output] = doctor({});
  EXPECT_EQ(status, exited(0)) << output;
  EXPECT_THAT(output, AllOf(HasSubstr("ok    net-namespace"), HasSubstr("ok    link-bridge"),
                            HasSubstr("ok    nft-inet"), HasSubstr(" 0 required and missing")));
}

TEST_F(DoctorTest, NamesTheNamespaceThatIsRefusedAndTheRemedy) {
  for (const std::string kind : {"user", "net", "pid", "mnt", "ipc", "uts"}) {
    const auto [status, output] = doctor({"--brief"}, [&] {
      enter_user_namespace(Identity::root);
      limit_namespaces(kind, 0);
    });
    EXPECT_EQ(status, exited(1)) << output;
    const auto step = (kind == "mnt" ? "mount" : kind) + "-namespace";
    EXPECT_THAT(output, AllOf(HasSubstr("FAIL  " + step), HasSubstr("user.max_" + kind + "_namespaces is 0"),
                              HasSubstr("remedy: sudo sysctl -w user.max_" + kind + "_namespaces=10000"),
                              HasSubstr("needed by: every test")));
  }
}

TEST_F(DoctorTest, KnowsAContainersSeccompProfile) {
  const auto [status, output] = doctor({"--brief"}, forbid_user_namespaces);
  EXPECT_EQ(status, exited(1)) << output;
  EXPECT_THAT(output, AllOf(HasSubstr("FAIL  user-namespace"), HasSubstr("seccomp profile forbids user namespaces"),
                            HasSubstr("--security-opt seccomp=unconfined")));
}

TEST_F(DoctorTest, NamesTheStepThatASeccompFilterRefuses) {
  const auto [status, output] = doctor({"--brief"}, [] { forbid_system_calls({SYS_mount}); });
  EXPECT_EQ(status, exited(1)) << output;
  EXPECT_THAT(output, AllOf(HasSubstr("FAIL  private-mounts"), HasSubstr("seccomp profile may forbid it")));
}

TEST_F(DoctorTest, NamesTheSystemCallThatLabsEnterTheirNodesBy) {
  const auto forbid = [] { forbid_system_calls({SYS_setns}); };
  const auto [status, output] = doctor({"--brief"}, forbid);
  EXPECT_EQ(status, exited(1)) << output;
  EXPECT_THAT(output, AllOf(HasSubstr("FAIL  enter  "), HasSubstr("EPERM"),
                            HasSubstr("the container's seccomp profile forbids setns(2)"),
                            HasSubstr("needed by: every test"), HasSubstr("--security-opt seccomp=unconfined")));
  EXPECT_EQ(check("enter").at("outcome"), "ok");
}

// Whoever makes the call is killed: the step is known all the same, and the doctor lives to tell it.
TEST_F(DoctorTest, NamesTheStepThatASeccompFilterKillsAt) {
  const std::vector<std::pair<std::string, std::function<void()>>> hosts{
      {"private-mounts", [] { kill_on_system_calls({SYS_mount}); }},
      {"enter", [] { kill_on_system_calls({SYS_setns}); }},
      {"user-namespace", kill_on_user_namespaces}};
  for (const auto& [step, host] : hosts) {
    const auto [status, output] = doctor({"--brief"}, host);
    EXPECT_EQ(status, exited(1)) << output;
    EXPECT_THAT(output,
                AllOf(ContainsRegex("FAIL  " + step + " [^\n]*the sandbox's init was killed by signal 31 .SIGSYS"),
                      HasSubstr("a seccomp filter kills whoever makes a system call"),
                      HasSubstr("--security-opt seccomp=unconfined")));
  }
}

TEST_F(DoctorTest, NamesWhatCoversProc) {
  const auto mask = [] {
    enter_own_mounts();
    require(::mount("mask", "/proc/irq", "tmpfs", MS_RDONLY, nullptr) == 0, "cover /proc/irq");
  };
  const auto found = check("proc", mask);
  EXPECT_EQ(found.at("outcome"), "missing");
  EXPECT_THAT(found.at("evidence"), HasSubstr("paths in it are covered: /proc/irq"));
  EXPECT_THAT(found.at("remedy"), HasSubstr("systempaths=unconfined"));
}

TEST_F(DoctorTest, NamesTheToolsThatAreNotThere) {
  const auto without_tools = [] {
    enter_own_mounts();
    for (const char* folder : {"/usr/sbin", "/usr/local/sbin"}) {
      require(::mount("none", folder, "tmpfs", MS_RDONLY, nullptr) == 0, "cover a folder of programs");
    }
  };
  const auto found = check("tool-ip", without_tools, {"PATH=/nowhere"});
  EXPECT_EQ(found.at("outcome"), "missing");
  EXPECT_EQ(found.at("remedy"), "sudo apt-get install iproute2");
}

const std::vector<std::string> kPath{"PATH=/usr/bin:/bin"};

// The ids of all checks for tools, and of those that were found missing.
std::pair<std::set<std::string>, std::set<std::string>> tools_in(const std::string& json) {
  std::set<std::string> all, missing;
  const auto report = nlohmann::json::parse(json);
  for (const auto& check : report.at("checks")) {
    const auto id = check.at("id").get<std::string>();
    if (!id.starts_with("tool-")) continue;
    all.insert(id);
    if (check.at("outcome") == "missing" && check.at("evidence") == "no " + id.substr(5) + " in PATH")
      missing.insert(id);
  }
  return {all, missing};
}

// As in a container's image that holds the test program and its libraries alone: no tool is required.
TEST_F(DoctorTest, NamesEveryToolThatAnImageLacks) {
  const auto [status, output] = doctor({"--json"}, [] { enter_bare_root(BareRoot::image, NETRIG_COMMAND); }, kPath);
  EXPECT_EQ(status, exited(0)) << output;
  const auto [all, missing] = tools_in(output);
  EXPECT_GT(all.size(), 20U);
  EXPECT_EQ(all, missing);
}

TEST_F(DoctorTest, FailsOnAToolThatIsRequiredAndThatAnImageLacks) {
  const auto [status, output] =
      doctor({"--brief", "--require", "tool-nft"}, [] { enter_bare_root(BareRoot::image, NETRIG_COMMAND); }, kPath);
  EXPECT_EQ(status, exited(1)) << output;
  EXPECT_THAT(output,
              AllOf(HasSubstr("FAIL  tool-nft "), HasSubstr("no nft in PATH"), HasSubstr("miss  tool-iptables "),
                    HasSubstr("remedy: sudo apt-get install nftables"), HasSubstr(" 1 required and missing")));
}

TEST_F(DoctorTest, KnowsAChrootAndNamesEveryToolThatItLacks) {
  const auto bare = [] { enter_bare_root(BareRoot::chroot, NETRIG_COMMAND); };
  const auto [status, output] = doctor({"--json"}, bare, kPath);
  EXPECT_EQ(status, exited(1)) << output;
  const auto [all, missing] = tools_in(output);
  EXPECT_GT(all.size(), 20U);
  EXPECT_EQ(all, missing);
  EXPECT_THAT(doctor({"--brief"}, bare, kPath).output,
              AllOf(HasSubstr("FAIL  user-namespace"), HasSubstr("the kernel makes no user namespace in a chroot"),
                    HasSubstr("remedy: run it outside, or in a container"), HasSubstr("miss  tool-nft ")));
}

// As where the rig is built below a folder that a bare root shows empty.
TEST_F(DoctorTest, IsInABareRootWhereverItWasBuilt) {
  for (const std::string folder : {"/mnt", "/usr/local"}) {
    const auto program = folder + "/built/here/" + std::filesystem::path{NETRIG_COMMAND}.filename().string();
    const auto bare = [&] {
      const auto place = std::filesystem::path{program}.parent_path();
      const auto built = std::filesystem::path{NETRIG_COMMAND}.parent_path();
      enter_own_mounts();
      require(::mount("none", folder.c_str(), "tmpfs", 0, "mode=755") == 0, "mount a file system", folder);
      std::filesystem::create_directories(place);
      require(::mount(built.c_str(), place.c_str(), nullptr, MS_BIND | MS_REC, nullptr) == 0, "bind", place);
      enter_bare_root(BareRoot::image, program);
    };
    const auto [status, output] = outcome_of({.program = program, .arguments = {"--version"}, .surroundings = bare});
    EXPECT_EQ(status, exited(0)) << program;
    EXPECT_THAT(output, HasSubstr("netrig "));
  }
}

// LeakSanitizer looks at a process at its end by ptrace(2).
const std::vector<std::string> kNoLeakSanitizer{"ASAN_OPTIONS=detect_leaks=0"};

TEST_F(DoctorTest, SeesThatAFilterForbidsTracing) {
  const auto found = check("ptrace", [] { forbid_system_calls({SYS_ptrace}); }, kNoLeakSanitizer);
  EXPECT_EQ(found.at("outcome"), "missing");
  EXPECT_THAT(found.at("evidence"),
              AllOf(HasSubstr("trace a child: EPERM"), HasSubstr("a seccomp filter may forbid it")));
  EXPECT_THAT(found.at("remedy"), HasSubstr("--security-opt seccomp=unconfined"));
}

// Whoever asks to be traced is killed: not the doctor.
TEST_F(DoctorTest, SeesThatAFilterKillsAtTracing) {
  const auto found = check("ptrace", [] { kill_on_system_calls({SYS_ptrace}); }, kNoLeakSanitizer);
  EXPECT_EQ(found.at("outcome"), "missing");
  EXPECT_THAT(found.at("evidence"),
              AllOf(HasSubstr("trace a child: it was killed by signal 31 (SIGSYS)"), HasSubstr("a seccomp filter")));
  EXPECT_THAT(found.at("remedy"), HasSubstr("--security-opt seccomp=unconfined"));
}

// A compiler of its own, which has what it is said to have.
TEST_F(DoctorTest, AsksTheCompilerForItsAddressSanitizer) {
  std::string folder = std::filesystem::temp_directory_path() / "netrig-compiler-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const auto compiler = folder + "/c++";
  const std::vector<std::string> path{"PATH=" + folder + ":/usr/bin:/bin"};
  const auto make = [&](const std::string& text) {
    std::ofstream{compiler} << "#!/bin/sh\n" << text << "\n";
    std::filesystem::permissions(compiler, std::filesystem::perms{0755});
  };
  make("echo \"${1#*=}\"");
  const auto without = check("address-sanitizer", {}, path);
  make("echo " + compiler);
  const auto with = check("address-sanitizer", {}, path);
  std::filesystem::remove_all(folder);
  EXPECT_EQ(without.at("outcome"), "missing");
  EXPECT_EQ(without.at("evidence"), "c++ has no library for -fsanitize=address");
  EXPECT_EQ(with.at("outcome"), "ok");
  EXPECT_EQ(with.at("evidence"), compiler);
}

TEST_F(DoctorTest, SeesTheLimitsOfTheProcess) {
  const auto lower = [] {
    const rlimit few{64, 64};
    ::setrlimit(RLIMIT_NOFILE, &few);
  };
  EXPECT_EQ(check("limit-descriptors", lower).at("evidence"), "ulimit -Sn is 64, -Hn is 64");
}

TEST_F(DoctorTest, SeesTheLimitsOfTheNeighbourTables) {
  const std::string evidence = check("limit-neighbours").at("evidence");
  EXPECT_THAT(evidence, ::testing::ContainsRegex("arp_cache holds [0-9]+ of [0-9]+, was full [0-9]+ times"));
  EXPECT_THAT(evidence, ::testing::ContainsRegex("ndisc_cache holds [0-9]+ of [0-9]+, was full [0-9]+ times"));
}

TEST_F(DoctorTest, SeesThatNoProgramGainsPrivileges) {
  EXPECT_EQ(check("new-privileges", give_up_new_privileges).at("outcome"), "missing");
}

TEST_F(DoctorTest, IsContentWithinAnotherSandbox) {
  EXPECT_EQ(doctor({}, [] { enter_user_namespace(Identity::root); }).status, exited(0));
}

TEST_F(DoctorTest, NamesTheDepthOfUserNamespacesWhereItIsReached) {
  const auto descend = [] {
    for (int depth = 0; depth < 40; ++depth) {
      try {
        enter_user_namespace(Identity::root);
      } catch (const SetupError&) {
        return;  // as deep as it goes
      }
    }
  };
  const auto [status, output] = doctor({"--brief"}, descend);
  EXPECT_EQ(status, exited(1)) << output;
  EXPECT_THAT(output, AllOf(HasSubstr("FAIL  user-namespace"), HasSubstr("nest at most 32 deep")));
}

TEST_F(DoctorTest, FailsOnWhatIsAskedForAndMissing) {
  const auto [status, output] = doctor({"tool-ip", "no-such"});
  EXPECT_EQ(status, exited(2)) << output;
  EXPECT_EQ(doctor({"link-netkit", "--json"}).status, exited(check("link-netkit").at("outcome") == "ok" ? 0 : 1));
}

// Of a host where the process that looks from inside a sandbox does not come to its end: that is no clean bill.
TEST_F(DoctorTest, CountsAsMissingWhatNobodyCouldTell) {
  const auto kill = [] { kill_on_system_calls({SYS_unshare}); };
  const auto found = check("link-vxlan", kill);
  EXPECT_EQ(found.at("outcome"), "unknown");
  EXPECT_EQ(found.at("evidence"), "the process that looked from inside a sandbox was killed by signal 31 (SIGSYS)");
  EXPECT_EQ(check("net-namespace", kill).at("outcome"), "ok");
  const auto [status, output] = doctor({"link-vxlan", "nft-log"}, kill);
  EXPECT_EQ(status, exited(1)) << output;
  EXPECT_THAT(output, AllOf(HasSubstr("FAIL  link-vxlan"), HasSubstr("FAIL  nft-log"), HasSubstr("killed by signal 31"),
                            HasSubstr("0 ok, 2 required and missing")));
}

TEST_F(DoctorTest, SuggestsTheCheckThatWasMeant) {
  const auto [status, output] = doctor({"--require", "qdisc-netm"});
  EXPECT_EQ(status, exited(2));
  EXPECT_THAT(output, HasSubstr("no check is called \"qdisc-netm\"; did you mean \"qdisc-netem\"?"));
}

TEST_F(DoctorTest, TellsWrongUsageByItsStatus) {
  EXPECT_EQ(doctor({"--no-such-option"}).status, exited(2));
  EXPECT_EQ(outcome_of({.program = NETRIG_COMMAND, .arguments = {}}).status, exited(2));
  EXPECT_EQ(outcome_of({.program = NETRIG_COMMAND, .arguments = {"--help"}}).status, exited(0));
  EXPECT_THAT(outcome_of({.program = NETRIG_COMMAND, .arguments = {"--version"}}).output, HasSubstr("netrig "));
}

}  // namespace
}  // namespace netrig::teardown
