// From inside, the host is out of reach: its sockets, shared memory, keys, processes, mounts, settings and links.
#include <netrig/base/initial_user_namespace.h>
#include <netrig/suites/isolation/inmates.h>
#include <netrig/suites/teardown/host_snapshot.h>
#include <netrig/suites/teardown/seccomp.h>
#include <netrig/suites/teardown/surroundings.h>
#include <netrig/suites/tools.h>
#include <netrig/testing/skip.h>

#include <gmock/gmock.h>

#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <mqueue.h>
#include <regex>
#include <sched.h>
#include <sstream>
#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/keyctl.h>

namespace netrig::isolation {
namespace {

using teardown::exited;
using teardown::Outcome;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class HostTest : public teardown::TeardownTest {
 protected:
  /// Granted without a sandbox, refused in each place inside.
  static void expect_refused_inside(const std::string& action, const std::string& argument, const std::string& reason,
                                    const std::function<void()>& surroundings = {}) {
    const Outcome bare = attempt(kBare, action, argument, surroundings);
    EXPECT_EQ(bare.status, exited(0)) << bare.output;
    for (const char* where : kInside) {
      const Outcome inside = attempt(where, action, argument, surroundings);
      EXPECT_EQ(inside.status, exited(1)) << where << ": " << inside.output;
      EXPECT_THAT(inside.output, HasSubstr(reason)) << where;
    }
  }
};

/// A name of this process's own.
std::string unique(const std::string& name) { return name + "-" + std::to_string(::getpid()); }

/// Listens on a unix socket; a name that begins with @ is an abstract one. Never closed: for a process that goes on.
UniqueFd listen_on(const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, name.data(), name.size());
  if (name.starts_with('@')) address.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  UniqueFd socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0 || ::listen(socket.get(), 8) != 0) {
    throw SetupError{Error::from_errno("listen on " + name, "", errno)};
  }
  return socket;
}

// ---- Sockets, shared memory, queues, keys

TEST_F(HostTest, AbstractSocketsAreOutOfReach) {
  const auto name = unique("@netrig-isolation");
  const UniqueFd host = listen_on(name);
  expect_refused_inside("connect", name, "Connection refused");
}

/// Makes a host of its own, in which /run holds a service's socket and a name for `ip netns`.
void furnish_run() {
  teardown::enter_user_namespace(teardown::Identity::root);
  const auto require = [](bool done, const char* what) {
    if (!done) throw SetupError{Error::from_errno(what, "", errno)};
  };
  require(::unshare(CLONE_NEWNS) == 0, "unshare the mount namespace");
  require(::mount("host", "/run", "tmpfs", 0, "mode=755") == 0, "mount a file system on /run");
  std::filesystem::create_directories("/run/netns");
  std::ofstream("/run/netns/of-the-host").close();
  const int kept = listen_on("/run/service.socket").release();
  require(::fcntl(kept, F_SETFD, 0) == 0, "keep the socket");
}

TEST_F(HostTest, SocketsInRunAreOutOfReach) {
  expect_refused_inside("connect", "/run/service.socket", "No such file", furnish_run);
}

TEST_F(HostTest, NamesOfNetworkNamespacesAreNotSeen) {
  expect_refused_inside("shell", "test -e /run/netns/of-the-host || { echo none; false; }", "none", furnish_run);
}

TEST_F(HostTest, SharedMemoryIsOutOfReach) {
  const key_t key = 0x6e740000 + (::getpid() & 0xffff);
  const int memory = ::shmget(key, 4096, IPC_CREAT | IPC_EXCL | 0600);
  ASSERT_GE(memory, 0) << std::strerror(errno);
  expect_refused_inside("memory", std::to_string(key), "No such file");
  ::shmctl(memory, IPC_RMID, nullptr);
}

TEST_F(HostTest, MessageQueuesAreOutOfReach) {
  const auto name = unique("/netrig-isolation");
  mq_attr small{};
  small.mq_maxmsg = 1;
  small.mq_msgsize = 1;
  const mqd_t queue = ::mq_open(name.c_str(), O_CREAT | O_EXCL | O_RDWR, 0600, &small);
  ASSERT_GE(queue, 0) << std::strerror(errno);
  expect_refused_inside("queue", name, "No such file");
  ::mq_close(queue);
  ::mq_unlink(name.c_str());
}

TEST_F(HostTest, TheSessionKeyringIsNotInherited) {
  if (::geteuid() != 0) NETRIG_SKIP("root", "needs root, whose quota of keys other sandboxes do not use up");
  if (::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr) < 0) {
    NETRIG_SKIP("keyrings", "needs keyrings: keyctl: " << std::strerror(errno));
  }
  const auto key = ::syscall(SYS_add_key, "user", "netrig-isolation", "secret", 6, KEY_SPEC_SESSION_KEYRING);
  ASSERT_GE(key, 0) << std::strerror(errno);
  expect_refused_inside("key", "netrig-isolation", "Required key not available");
}

TEST_F(HostTest, TheHostNameIsAnother) {
  NETRIG_NEEDS_TOOL("hostname");
  const auto before = teardown::output_of("hostname");
  EXPECT_EQ(attempt("node", "shell", "hostname").output, "a\n");
  EXPECT_EQ(attempt("node", "shell", "hostname changed && hostname").output, "changed\n");
  EXPECT_EQ(teardown::output_of("hostname"), before);
}

// ---- Processes

// This test program is the process of the host that is looked for. (The brackets keep the script from finding itself.)
TEST_F(HostTest, ProcessesAreNotSeen) {
  expect_refused_inside("shell", "grep -sqz '[n]etrig_isolation_test' /proc/[0-9]*/cmdline || { echo none; false; }",
                        "none");
}

/// Runs `body` in a process whose pid is none that a sandbox would have itself, where they are counted from 1 on: in a
/// container this program's own may be.
void with_a_high_pid(const std::function<void()>& body) {
  constexpr pid_t kMostInASandbox = 1000;
  constexpr int kTooLow = 99;
  int status = exited(kTooLow);
  while (status == exited(kTooLow)) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0) << std::strerror(errno);
    if (child == 0) {
      if (::getpid() <= kMostInASandbox) ::_exit(kTooLow);
      body();
      std::cout << std::flush;
      ::_exit(testing::Test::HasFailure() ? 1 : 0);
    }
    ASSERT_EQ(::waitpid(child, &status, 0), child);
  }
  EXPECT_EQ(status, exited(0)) << "the failures are printed above";
}

TEST_F(HostTest, ProcessesAreNotSignalled) {
  with_a_high_pid(
      [] { expect_refused_inside("shell", "kill -0 " + std::to_string(::getpid()) + " 2>&1", "No such process"); });
  // Whatever it may signal: itself among them, but not the test program, which lives to tell its end.
  EXPECT_EQ(attempt("node", "shell", "kill -TERM -1").status, exited(128 + SIGTERM));
}

// ---- Links and routes

TEST_F(HostTest, HasNoLinkOrRouteToTheOutside) {
  NETRIG_NEEDS_TOOL("ping");
  const Outcome links =
      attempt("node", "shell", "ls /sys/class/net | tr '\\n' ' '; ip route show default; ip -6 route show default");
  EXPECT_EQ(links.output, "eth0 lo ");
  EXPECT_THAT(attempt("test", "shell", "ls /sys/class/net; ip route show table all").output, Not(HasSubstr("default")));
  const Outcome sent = attempt("node", "shell", "ping -c 1 -w 1 192.0.2.1");
  EXPECT_NE(sent.status, exited(0));
  EXPECT_THAT(sent.output, HasSubstr("Network is unreachable"));
}

TEST_F(HostTest, NoNetworkButTheLabsIsReachableThroughProc) {
  const auto here = std::filesystem::read_symlink("/proc/self/ns/net").string();
  expect_refused_inside(
      "shell", "readlink /proc/[0-9]*/ns/net 2>/dev/null | grep -qF '" + here + "' || { echo none; false; }", "none");
}

// The host's network itself, as a descriptor: capabilities over it are what is missing.
TEST_F(HostTest, TheNetworkIsNotEnteredThroughADescriptorOfIt) {
  NETRIG_NEEDS_TOOL("nsenter");
  const UniqueFd network{::open("/proc/self/ns/net", O_RDONLY)};  // NOLINT(android-cloexec-open): it is to be inherited
  const auto enter = "nsenter --net=/proc/self/fd/" + std::to_string(network.get()) + " true";
  const Outcome inside = attempt("test", "shell", enter);
  EXPECT_EQ(inside.status, exited(1)) << inside.output;
  EXPECT_THAT(inside.output, HasSubstr("Operation not permitted"));
  // The test program may enter the network of its own sandbox by the same way.
  EXPECT_EQ(attempt("test", "shell", "nsenter --net=/proc/self/ns/net true").status, exited(0));
}

// ---- Mounts and settings

/// Makes a host of its own: a directory that is read-only, and one whose content is covered.
void cover_directories() {
  teardown::enter_user_namespace(teardown::Identity::root);
  const auto require = [](bool done, const char* what) {
    if (!done) throw SetupError{Error::from_errno(what, "", errno)};
  };
  require(::unshare(CLONE_NEWNS) == 0, "unshare the mount namespace");
  require(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "make the mounts private");
  require(::mount("below", "/mnt", "tmpfs", 0, "mode=755") == 0, "mount a file system on /mnt");
  for (const char* path : {"/mnt/fixed", "/mnt/covered"}) std::filesystem::create_directory(path);
  std::ofstream("/mnt/covered/secret") << "secret\n";
  require(::mount("/mnt/fixed", "/mnt/fixed", nullptr, MS_BIND, nullptr) == 0, "bind");
  require(::mount(nullptr, "/mnt/fixed", nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) == 0, "make read-only");
  require(::mount("cover", "/mnt/covered", "tmpfs", 0, nullptr) == 0, "cover");
}

TEST_F(HostTest, WhatWasReadOnlyStaysSo) {
  expect_refused_inside("shell", "mount -o remount,bind,rw /mnt/fixed && echo written > /mnt/fixed/file",
                        "permission denied", cover_directories);
}

TEST_F(HostTest, WhatWasCoveredStaysSo) {
  expect_refused_inside("shell", "umount /mnt/covered; cat /mnt/covered/secret", "No such file", cover_directories);
}

/// Whom the sandbox maps to itself, and files of the host ask for.
bool is_hosts_root() {
  struct stat user_namespace{};
  return ::geteuid() == 0 && ::stat("/proc/self/ns/user", &user_namespace) == 0 &&
         is_initial_user_namespace(user_namespace);
}

TEST_F(HostTest, KernelSettingsAreNotWritable) {
  for (const char* where : kInside) {
    const Outcome inside = attempt(where, "shell", "cat /proc/sys/kernel/panic > /proc/sys/kernel/panic");
    EXPECT_NE(inside.status, exited(0)) << where << ": " << inside.output;
  }
  const Outcome devices =
      attempt("node", "shell", "find /sys -writable -type f 2>/dev/null | grep -v '^/sys/devices/virtual/net/'");
  EXPECT_EQ(devices.output, "");
}

// Of /proc, what may be written though it is no process's file: what is the network's and the user namespace's own. For
// the host's root that is all, whatever else belongs to a namespace: the rest of /proc/sys is read-only as a whole.
std::string writable_by_right() {
  if (is_hosts_root()) return "^/proc/sys/(net|user)/.*";
  // For everybody else the IPC and pid namespace's own too, and a condition to be told of, which the writer's own
  // descriptor is and which ends with it (Documentation/accounting/psi.rst).
  return "^/proc/(sys/(net|user|fs/mqueue)/|sys/kernel/(auto_msg|msg|sem|shm|ns_last_pid|pid_max)|pressure/).*";
}

/// Of the lines of `found`, those that are no one's right; and that it found what is one.
void expect_only_by_right(const std::string& found, const std::string& where) {
  EXPECT_THAT(found, HasSubstr("\n/proc/sys/net/ipv4/")) << where << ": the search is blind";
  const std::regex allowed{writable_by_right()};
  std::istringstream lines{found};
  for (std::string line; std::getline(lines, line);) {
    EXPECT_TRUE(std::regex_match(line, allowed)) << where << ": " << line << " is writable";
  }
}

TEST_F(HostTest, NothingInProcIsWritableThatIsTheHosts) {
  const std::string find = "find /proc -path '/proc/[0-9]*' -prune -o ! -type l ! -type d -writable -print 2>/dev/null";
  for (const char* where : kInside) expect_only_by_right(attempt(where, "shell", find).output, where);
  const Outcome in_place = teardown::outcome_of(
      {.program = inmate(), .arguments = {"test", "shell", find}, .environment = {"NETRIG_SANDBOX=no-pid"}});
  expect_only_by_right(in_place.output, "no-pid");
}

/// Makes a host of its own, on which a file system is mounted among the kernel's settings, as binfmt_misc is.
void mount_below_the_settings() {
  teardown::require(::unshare(CLONE_NEWNS) == 0, "unshare the mount namespace");
  teardown::require(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "make the mounts private");
  teardown::require(::mount("below", "/proc/sys/fs", "tmpfs", 0, "mode=777") == 0, "mount a file system");
  std::ofstream("/proc/sys/fs/register") << "nothing\n";
}

// As root: nobody else can change what the sandbox would have to guard. In place, for there the old /proc stays.
TEST_F(HostTest, WhatIsMountedBelowTheKernelsSettingsIsReadOnlyToo) {
  if (!is_hosts_root()) NETRIG_SKIP("root", "needs root, whose are the kernel's settings");
  const auto write = [](const char* where) {
    return teardown::outcome_of(
        {.program = inmate(),
         .arguments = {where, "shell", "cat /proc/sys/fs/register && echo > /proc/sys/fs/register"},
         .environment = {"NETRIG_SANDBOX=no-pid"},
         .surroundings = mount_below_the_settings});
  };
  EXPECT_EQ(write(kBare).output, "nothing\n");
  // Not in a program, whose own /proc the kernel refuses where a part of the old one is covered.
  for (const char* where : {"test", "run"}) {
    EXPECT_THAT(write(where).output, AllOf(HasSubstr("nothing\n"), HasSubstr("Read-only file system"))) << where;
  }
}

TEST_F(HostTest, KernelSettingsAreReadOnlyWhereMountSetattrIsMissing) {
  if (!is_hosts_root()) NETRIG_SKIP("root", "needs root, whose are the kernel's settings");
  const Outcome inside = attempt("test", "shell", "cat /proc/sys/kernel/panic > /proc/sys/kernel/panic",
                                 [] { teardown::forbid_system_calls({SYS_mount_setattr}); });
  EXPECT_THAT(inside.output, HasSubstr("Read-only file system"));
}

TEST_F(HostTest, StaysAsItWasWhateverANodeDoesToItsOwnFiles) {
  NETRIG_NEEDS_TOOL("ip");
  const auto before = teardown::snapshot_of_the_host();
  const Outcome inside = attempt(
      "node", "shell",
      "set -e; ip netns add extra; echo x > /etc/resolv.conf; echo 10.0.0.9 x >> /etc/hosts; echo x > /etc/new; "
      "echo x > /run/new; mount -t tmpfs none /mnt; hostname other; ip link set eth0 mtu 1400; "
      "ip route add 192.0.2.0/24 dev eth0; sysctl -qw net.ipv4.ip_forward=1; "
      "if echo x 2>/dev/null > /run/netrig/etc/new; then exit 9; fi; echo done");
  EXPECT_EQ(inside.output, "done\n");
  EXPECT_EQ(teardown::changes_since(before), "");
  EXPECT_FALSE(std::filesystem::exists("/etc/new"));
}

TEST_F(HostTest, NothingIsNeededThatASetUserIdProgramGives) {
  NETRIG_NEEDS_TOOL("ping");
  const Outcome inside =
      attempt("node", "shell", "grep NoNewPrivs /proc/self/status; ping -c 1 -w 5 10.0.0.2 > /dev/null && echo reached",
              teardown::give_up_new_privileges);
  EXPECT_EQ(inside.output, "NoNewPrivs:\t1\nreached\n");
}

}  // namespace
}  // namespace netrig::isolation
