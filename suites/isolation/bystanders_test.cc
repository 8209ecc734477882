// What the processes of a sandbox hold of their caller's, and what other users and other sandboxes can reach of them.
#include <netrig/base/error.h>
#include <netrig/suites/isolation/inmates.h>
#include <netrig/suites/isolation/inmates_rules.h>
#include <netrig/suites/teardown/ground.h>
#include <netrig/suites/teardown/host_snapshot.h>
#include <netrig/suites/teardown/surroundings.h>
#include <netrig/suites/tools.h>
#include <netrig/testing/skip.h>

#include <gmock/gmock.h>

#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <grp.h>
#include <map>
#include <sched.h>
#include <set>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace netrig::isolation {
namespace {

using teardown::children_of;
using teardown::Victim;
using testing::AllOf;
using testing::AnyOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;
using testing::StartsWith;

/// Descriptors and what they are open on, as proc_pid_fd(5) shows them.
std::map<int, std::string> descriptors_of(pid_t pid) {
  std::map<int, std::string> all;
  for (const auto& entry : std::filesystem::directory_iterator{"/proc/" + std::to_string(pid) + "/fd"}) {
    all.emplace(std::stoi(entry.path().filename()), std::filesystem::read_symlink(entry.path()).string());
  }
  return all;
}

/// An inmate that stays in a node, with the pids of its parts.
class Settled {
 public:
  explicit Settled(const std::function<void()>& surroundings = {}) : victim_{staying("idle", "", surroundings)} {
    EXPECT_EQ(victim_.letters(1), "T");
    init = victim_.init().value_or(-1);
    program = victim_.program().value_or(-1);
    for (const pid_t child : children_of(init)) {
      if (child != program) space_inits.push_back(child);
    }
    node_programs = children_of(program);
  }
  [[nodiscard]] pid_t supervisor() const { return victim_.supervisor(); }
  [[nodiscard]] std::vector<pid_t> all() const { return victim_.processes(); }

  pid_t init = -1, program = -1;
  std::vector<pid_t> space_inits, node_programs;

 private:
  Victim victim_;
};

class BystandersTest : public teardown::TeardownTest {};

// ---- Descriptors

TEST_F(BystandersTest, WhatTheCallerHadOpenIsTheTestProgramsAlone) {
  const UniqueFd kept{::memfd_create("kept-by-the-caller", 0)};  // inheritable
  const UniqueFd high{::fcntl(kept.get(), F_DUPFD, 200)};
  const Settled inmate;
  std::set<pid_t> holders;
  for (const pid_t pid : inmate.all()) {
    for (const auto& [fd, target] : descriptors_of(pid)) {
      if (target.find("kept-by-the-caller") != std::string::npos) holders.insert(pid);
    }
  }
  // The supervisor is the process that was started, the program is what it was started to be.
  EXPECT_EQ(holders, (std::set{inmate.supervisor(), inmate.program}));
}

TEST_F(BystandersTest, ProgramsOfNodesHoldTheirInputAndOutputAlone) {
  const UniqueFd kept{::memfd_create("kept-by-the-caller", 0)};  // inheritable
  const Settled inmate;
  ASSERT_EQ(inmate.node_programs.size(), 1U);
  EXPECT_THAT(descriptors_of(inmate.node_programs[0]),
              ElementsAre(Pair(0, "/dev/null"), Pair(1, StartsWith("pipe:")), Pair(2, StartsWith("pipe:"))));
}

TEST_F(BystandersTest, InitsHoldTheirChannelsAlone) {
  const Settled inmate;
  ASSERT_EQ(inmate.space_inits.size(), 1U);
  const auto channel = AnyOf(StartsWith("socket:"), StartsWith("anon_inode:[signalfd]"),
                             StartsWith("anon_inode:[pidfd]"), StartsWith("pidfd:"));
  for (const pid_t init : {inmate.init, inmate.space_inits[0]}) {
    const auto held = descriptors_of(init);
    EXPECT_THAT(held, Not(IsEmpty()));
    EXPECT_THAT(held, Each(Pair(testing::_, channel)));
  }
}

// ---- Other sandboxes of the same user

TEST_F(BystandersTest, AnotherSandboxSeesNeitherProcessesNorSockets) {
  const auto name = "@isolation-" + std::to_string(::getpid());
  Victim first{staying("listen", name)};
  ASSERT_EQ(first.letters(1), "T");
  const auto second = [](const std::string& where, const std::string& action, const std::string& argument) {
    return teardown::output_of("'" + inmate() + "' " + where + " " + action + " \"" + argument + "\"");
  };
  const std::string search =
      "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\\\0' ' ' | grep -c 'bare [l]isten " + name + "'";
  EXPECT_EQ(second("bare", "shell", search), "1\n");
  EXPECT_EQ(second("node", "shell", search), "0\n");
  EXPECT_EQ(second("test", "shell", search), "0\n");
  EXPECT_EQ(second("node", "connect", name), "connect: Connection refused\n");
}

// ---- Rules of another sandbox

class RulesOfAnotherTest : public BystandersTest {
 protected:
  void SetUp() override {
    BystandersTest::SetUp();
    if (IsSkipped()) return;
    NETRIG_NEEDS_TOOL("nft");
    NETRIG_NEEDS_TOOL("nsenter");
    ASSERT_NE(::mkdtemp(directory_.data()), nullptr);
    for (const char* name : {"/go", "/answer"}) ASSERT_EQ(::mkfifo((directory_ + name).c_str(), 0600), 0);
  }
  void TearDown() override {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
    BystandersTest::TearDown();
  }

  std::string directory_ = (std::filesystem::temp_directory_path() / "netrig-rules-XXXXXX").string();
};

/// What follows `mark`, up to the next one.
std::string part_after(const std::string& mark, const std::string& text) {
  const auto found = text.find(mark);
  if (found == std::string::npos) return "nothing after " + mark + " in: " + text;
  const auto start = found + mark.size();
  return text.substr(start, text.find("-- ", start) - start);
}

// The host is a ground here, whose rules anybody may list who stands on it.
TEST_F(RulesOfAnotherTest, AreSeenNeitherInASandboxNorOnTheHost) {
  const bool holds = teardown::holds_on_ground([&] {
    Victim first{staying("rule", directory_)};
    ASSERT_EQ(first.letters(1), "T");
    int sent = 0;
    for (const char* where : {"node", "run", "test", kBare}) {
      const auto seen = teardown::output_of("timeout 40 '" + inmate() + "' " + where + " watch '" + directory_ + "'");
      const auto counted = [](int packets) { return HasSubstr("packets " + std::to_string(packets) + " "); };
      // Both datagrams were counted, traced and dropped where the rules are, in each family ...
      EXPECT_THAT(part_after(kThere, seen),
                  AllOf(HasSubstr("set only-first"), counted(sent += 2), HasSubstr("[::1]:9\n"),
                        HasSubstr("127.0.0.1:9\n"), HasSubstr("(verdict drop)")))
          << where;
      // ... and nowhere else; where it would have been seen.
      const auto own = [&](int packets) {
        return AllOf(HasSubstr("udp dport 9 counter name \"seen\""), counted(packets), Not(HasSubstr("only-first")),
                     Not(HasSubstr("trace")));
      };
      EXPECT_THAT(part_after(kHere, seen), own(0)) << where;
      EXPECT_THAT(part_after(kHereAfterSending, seen), own(2)) << where;
    }
    const auto outer = "nsenter --net=/proc/" + std::to_string(first.program().value()) + "/ns/net nft list ruleset";
    EXPECT_EQ(teardown::output_of(outer), "") << "in the network that the sandbox's test program is in";
  });
  EXPECT_TRUE(holds) << "the failures are printed above";
}

// ---- Other users

constexpr uid_t kOwner = 20000, kStranger = 20001;

void become(uid_t user) {
  const bool done =
      ::setgroups(0, nullptr) == 0 && ::setresgid(user, user, user) == 0 && ::setresuid(user, user, user) == 0;
  if (!done) throw SetupError{Error::from_errno("become another user", "", errno)};
}

/// The errno of what `attempt` does as `user`; 0 when it is done.
int as_user(uid_t user, const std::function<bool()>& attempt) {
  const pid_t child = ::fork();
  if (child == 0) {
    become(user);
    ::_exit(attempt() ? 0 : errno);
  }
  int status = -1;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool opens(pid_t pid, const std::string& file, int flags) {
  const UniqueFd fd{::open(("/proc/" + std::to_string(pid) + "/" + file).c_str(), flags | O_CLOEXEC)};
  return fd.valid();
}

TEST_F(BystandersTest, AnotherUserCannotEnterOrTouchALab) {
  if (::geteuid() != 0) NETRIG_SKIP("root", "needs root, who can be two users");
  const Settled inmate{[] { become(kOwner); }};
  ASSERT_EQ(inmate.node_programs.size(), 1U);
  const pid_t parts[] = {inmate.init, inmate.program, inmate.space_inits.at(0), inmate.node_programs[0]};
  for (const pid_t pid : parts) {
    for (const char* space : {"net", "mnt", "pid", "user", "uts", "ipc"}) {
      const auto file = std::string{"ns/"} + space;
      EXPECT_EQ(as_user(kStranger, [&] { return opens(pid, file, O_RDONLY); }), EACCES) << file;
      EXPECT_EQ(as_user(kOwner, [&] { return opens(pid, file, O_RDONLY); }), 0) << file;
    }
    for (const char* file : {"root", "cwd", "environ", "mem", "fd"}) {
      EXPECT_EQ(as_user(kStranger, [&] { return opens(pid, file, O_RDONLY); }), EACCES) << file;
    }
    EXPECT_EQ(as_user(kStranger, [&] { return ::kill(pid, 0) == 0; }), EPERM);
    EXPECT_EQ(as_user(kOwner, [&] { return ::kill(pid, 0) == 0; }), 0);
    EXPECT_EQ(as_user(kStranger, [&] { return ::ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) == 0; }), EPERM);
  }
}

/// Goes on as kOwner, with mounts of its own: in /mnt a copy of cat(1) that runs as root, and a file that only root may
/// read. Set-user-id is honoured there, whatever the host's /tmp is mounted with.
void guard_a_secret() {
  using teardown::require;
  if (::unshare(CLONE_NEWNS) != 0) {  // a container's root, who may do so in a user namespace only
    teardown::enter_user_namespace(teardown::Identity::every);
    require(::unshare(CLONE_NEWNS) == 0, "unshare the mount namespace");
  }
  require(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "make the mounts private");
  require(::mount("secrets", "/mnt", "tmpfs", 0, "mode=755") == 0, "mount a file system on", "/mnt");
  std::filesystem::copy_file("/bin/cat", "/mnt/cat");
  std::ofstream{"/mnt/secret"} << "secret\n";
  require(::chmod("/mnt/cat", 04755) == 0, "make set-user-id", "/mnt/cat");
  require(::chmod("/mnt/secret", 0600) == 0, "hide", "/mnt/secret");
  become(kOwner);
}

TEST_F(BystandersTest, ASetUserIdProgramGivesNothingInside) {
  if (::geteuid() != 0) NETRIG_SKIP("root", "needs root, who can be two users");
  const std::string read = "/mnt/cat /mnt/secret";
  EXPECT_EQ(attempt(kBare, "shell", read, guard_a_secret).output, "secret\n");
  for (const char* where : kInside) {
    EXPECT_THAT(attempt(where, "shell", read, guard_a_secret).output, HasSubstr("Permission denied")) << where;
  }
}

}  // namespace
}  // namespace netrig::isolation
