// The outside observer sees what is left: one thing of each kind, planted.
#include <netrig/suites/teardown/ground.h>
#include <netrig/suites/teardown/holders.h>
#include <netrig/suites/teardown/observer.h>
#include <netrig/suites/teardown/surroundings.h>
#include <netrig/suites/teardown/teardown_test.h>

#include <gmock/gmock.h>
#include <gtest/gtest-spi.h>

#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sched.h>
#include <sys/mount.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace netrig::teardown {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

class ObserverTest : public TeardownTest {
 protected:
  // A victim that lived and ended well.
  static void run_one(Observer& observer) {
    Victim victim{{.arguments = {"exit", "0"}, .environment = observer.environment()}};
    EXPECT_EQ(victim.wait_supervisor(), exited(0));
    observer.note("none", victim);
  }

  // How the child ends that runs `plant` where namespaces are counted, and is asked whether one of `kind` is left.
  static bool is_released_after(const std::string& kind, const std::function<void()>& plant) {
    const pid_t child = ::fork();
    if (child == 0) {
      enter_user_namespace(Identity::root);
      enter_ground();
      plant();
      if (HasFailure()) ::_exit(2);
      const int own = namespaces_of_ground(kind);
      ::_exit(all_namespaces_released(kind, std::chrono::milliseconds{50}, own) ? 0 : 1);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    EXPECT_NE(status, exited(2)) << "nothing was planted";
    return status == exited(0);
  }
};

TEST_F(ObserverTest, FindsNothingAfterAVictimThatEndedWell) {
  const auto table = observe(run_one);
  if (IsSkipped()) return;
  EXPECT_EQ(table.residue(), 0);
  EXPECT_EQ(table.runs(), 1);  // the victim: what looks for residue afterwards is no fault
}

TEST_F(ObserverTest, SeesANamespaceThatADescriptorHolds) {
  EXPECT_TRUE(is_released_after("net", [] {}));
  EXPECT_FALSE(is_released_after("net", [] {
    const int before = ::open("/proc/self/ns/net", O_RDONLY);
    ASSERT_EQ(::unshare(CLONE_NEWNET), 0);
    ASSERT_GE(::open("/proc/self/ns/net", O_RDONLY), 0);  // and this one stays
    ASSERT_EQ(::setns(before, CLONE_NEWNET), 0);
  }));
}

TEST_F(ObserverTest, SeesANamespaceThatAProcessHolds) {
  int life[2];
  ASSERT_EQ(::pipe(life), 0);
  EXPECT_FALSE(is_released_after("uts", [&] {
    int made[2];
    ASSERT_EQ(::pipe(made), 0);
    char byte = 0;
    if (::fork() != 0) {
      EXPECT_EQ(::read(made[0], &byte, 1), 1);  // before that there would be nothing to see
      return;
    }
    ::unshare(CLONE_NEWUTS);
    if (::write(made[1], &byte, 1) != 1) ::_exit(1);
    ::close(life[1]);
    ::_exit(static_cast<int>(::read(life[0], &byte, 1)));  // until this test ends
  }));
  for (const int end : life) ::close(end);
}

TEST_F(ObserverTest, SeesANamespaceThatAMountHolds) {
  std::string file = testing::TempDir() + "netrig-observer-XXXXXX";
  const UniqueFd made{::mkstemp(file.data())};
  EXPECT_FALSE(is_released_after("ipc", [&] {
    const pid_t maker = ::fork();
    if (maker == 0) {
      ::_exit(::unshare(CLONE_NEWIPC) == 0 && ::mount("/proc/self/ns/ipc", file.c_str(), nullptr, MS_BIND, nullptr) == 0
                  ? 0
                  : 1);
    }
    int status = -1;
    ::waitpid(maker, &status, 0);
    ASSERT_EQ(status, exited(0));
  }));
  ::unlink(file.c_str());
}

TEST_F(ObserverTest, SeesAProcess) {
  Victim victim{{.arguments = {"wait"}}};
  ASSERT_EQ(victim.letters(1), "T");
  EXPECT_FALSE(victim.all_gone_already());
}

TEST_F(ObserverTest, SeesAFile) {
  EXPECT_NONFATAL_FAILURE(
      {
        Observer observer;
        const auto folder = observer.environment().front().substr(sizeof "TMPDIR=" - 1);
        std::ofstream{folder + "/forgotten"} << "x";
        run_one(observer);
      },
      "left behind");
}

TEST_F(ObserverTest, SeesNothingOnAFreshGround) {
  EXPECT_TRUE(holds_on_ground([] {
    EXPECT_THAT(left_on_ground(), IsEmpty());
    const UniqueFd user{::open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC)};
    EXPECT_THAT(processes_below(user.get()), testing::SizeIs(1));  // itself
  }));
}

TEST_F(ObserverTest, SeesAProcessByItsNamespaceWhereverItHides) {
  EXPECT_TRUE(holds_on_ground([] {
    const UniqueFd user{::open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC)};
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const pid_t hidden = ::fork();
    if (hidden == 0) {
      ::clearenv();
      ::setsid();
      if (::unshare(CLONE_NEWUSER) == 0 && ::write(ends[1], "", 1) == 1) ::pause();
      ::_exit(1);
    }
    char byte = 0;
    EXPECT_EQ(::read(ends[0], &byte, 1), 1);
    EXPECT_THAT(processes_below(user.get()), Contains(HasSubstr("process " + std::to_string(hidden) + " ")));
    ::kill(hidden, SIGKILL);
    ::waitpid(hidden, nullptr, 0);
  }));
}

TEST_F(ObserverTest, SaysWhichDescriptorHoldsANamespace) {
  EXPECT_TRUE(holds_on_ground([] {
    const UniqueFd user{::open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC)};
    const UniqueFd before{::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)};
    ASSERT_EQ(::unshare(CLONE_NEWNET), 0);
    const UniqueFd held{::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)};
    ASSERT_EQ(::setns(before.get(), CLONE_NEWNET), 0);
    EXPECT_THAT(namespaces_below(user.get(), {before.get(), user.get()}),
                Contains(HasSubstr("held by descriptor " + std::to_string(held.get()) + " of process " +
                                   std::to_string(::getpid()))));
  }));
}

TEST_F(ObserverTest, SaysWhichMountHoldsANamespace) {
  EXPECT_TRUE(holds_on_ground([] {
    const UniqueFd user{::open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC)};
    const UniqueFd before{::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)};
    std::ofstream{"/dev/shm/netns"}.flush();
    ASSERT_EQ(::unshare(CLONE_NEWNET), 0);
    ASSERT_EQ(::mount("/proc/self/ns/net", "/dev/shm/netns", nullptr, MS_BIND, nullptr), 0);
    ASSERT_EQ(::setns(before.get(), CLONE_NEWNET), 0);
    EXPECT_THAT(namespaces_below(user.get(), {before.get(), user.get()}),
                Contains(HasSubstr("held by a mount at /dev/shm/netns")));
  }));
}

// A socket that waits in another's queue keeps its network, and is in no list of descriptors.
TEST_F(ObserverTest, SeesANamespaceThatASocketInAQueueHolds) {
  EXPECT_FALSE(is_released_after("net", [] {
    int queue[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, queue), 0);
    const UniqueFd before{::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)};
    ASSERT_EQ(::unshare(CLONE_NEWNET), 0);
    const UniqueFd sent{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    ASSERT_EQ(::setns(before.get(), CLONE_NEWNET), 0);
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    char byte = 0;
    iovec data{&byte, 1};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_len = CMSG_LEN(sizeof(int));
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    const int fd = sent.get();
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
    ASSERT_EQ(::sendmsg(queue[0], &message, 0), 1);
  }));
}

TEST_F(ObserverTest, SeesSharedMemory) {
  EXPECT_TRUE(holds_on_ground([] {
    std::ofstream{"/dev/shm/forgotten"} << "x" << std::flush;
    EXPECT_THAT(left_on_ground(), Contains("file /dev/shm/forgotten"));
  }));
}

TEST_F(ObserverTest, SeesSystemVSharedMemory) {
  EXPECT_TRUE(holds_on_ground([] {
    ASSERT_GE(::shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600), 0);
    EXPECT_THAT(left_on_ground(), Contains(HasSubstr("System V shm")));
  }));
}

TEST_F(ObserverTest, SeesAnAbstractSocket) {
  EXPECT_TRUE(holds_on_ground([] {
    const UniqueFd socket{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, "\0forgotten", 10);
    ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(sa_family_t) + 10), 0);
    EXPECT_THAT(left_on_ground(), Contains(HasSubstr("@forgotten")));
  }));
}

TEST_F(ObserverTest, SeesAMountAndASetting) {
  EXPECT_TRUE(holds_on_ground([] {
    const auto before = snapshot_of_the_host();
    EXPECT_EQ(changes_since(before), "");
    ASSERT_EQ(::mount("forgotten", "/dev/shm", "tmpfs", 0, nullptr), 0);
    std::ofstream{"/proc/sys/net/ipv4/ip_default_ttl"} << "7" << std::flush;
    limit_namespaces("time", 7);
    EXPECT_THAT(changes_since(before), HasSubstr("tmpfs forgotten"));
    EXPECT_THAT(changes_since(before), HasSubstr("ip_default_ttl was\n64"));
    EXPECT_THAT(changes_since(before), HasSubstr("max_time_namespaces was"));
    for (const char* other : {"kernel/pid_max", "kernel/domainname", "fs/mqueue/msg_max"}) {
      EXPECT_NE(before.at(std::string{"/proc/sys/"} + other), "") << other;
    }
  }));
}

TEST_F(ObserverTest, SeesARuleset) {
  if (output_of("nft --version").find("nftables") == std::string::npos) NETRIG_SKIP("tool-nft", "needs nft");
  EXPECT_TRUE(holds_on_ground([] {
    const auto before = snapshot_of_the_host();
    EXPECT_EQ(before.at("nft -a list ruleset"), "");
    EXPECT_EQ(output_of("nft add table bridge forgotten"), "");
    EXPECT_THAT(changes_since(before), HasSubstr("table bridge forgotten"));
  }));
}

}  // namespace
}  // namespace netrig::teardown
