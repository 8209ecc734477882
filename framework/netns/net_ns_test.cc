#include <netrig/netns/net_ns.h>
#include <netrig/netns/test_support.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <memory>
#include <net/if.h>
#include <sched.h>
#include <set>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/capability.h>
#include <linux/sockios.h>

namespace netrig::netns {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

NetNs create() { return value_or_throw(NetNs::create()); }

NetNsId current_id() { return value_or_throw(NetNs::current()).id(); }

std::vector<std::string> interfaces() {
  std::vector<std::string> names;
  auto* all = if_nameindex();
  for (auto* one = all; one->if_index != 0; ++one) names.emplace_back(one->if_name);
  if_freenameindex(all);
  return names;
}

std::string link_of(const std::string& path) {
  std::array<char, 64> target{};
  const auto size = readlink(path.c_str(), target.data(), target.size());
  return {target.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
}

TEST(NetNs, IsMadeWithoutMovingTheCaller) {
  const auto before = current_id();
  const auto made = create();
  EXPECT_EQ(current_id(), before);
  EXPECT_NE(made.id(), before);
  EXPECT_TRUE(made.made_here());
}

TEST(NetNs, IdIsWhatProcShows) {
  const auto made = create();
  EXPECT_EQ(made.id().to_string(), made.run([] { return link_of("/proc/thread-self/ns/net"); }));
  EXPECT_EQ(current_id().to_string(), link_of("/proc/self/ns/net"));
}

TEST(NetNs, IsNewAndHasALoopbackThatIsDown) {
  const auto made = create();
  EXPECT_THAT(made.run(interfaces), ElementsAre("lo"));
  const auto socket = made.socket(AF_INET, SOCK_DGRAM, 0);
  ifreq lo{};
  lo.ifr_name[0] = 'l';
  lo.ifr_name[1] = 'o';
  ASSERT_EQ(ioctl(socket->get(), SIOCGIFFLAGS, &lo), 0);
  EXPECT_EQ(lo.ifr_flags & IFF_UP, 0);
}

TEST(NetNs, RunsFunctionsInside) {
  const auto made = create();
  EXPECT_EQ(made.run(current_id), made.id());
  EXPECT_EQ(*made.run([] { return std::make_unique<int>(7); }), 7) << "what it returns may be move-only";
  bool ran = false;
  made.run([&ran] { ran = true; });
  EXPECT_TRUE(ran);
}

TEST(NetNs, RunHandsExceptionsBack) {
  const auto made = create();
  EXPECT_THROW(made.run([]() -> int { throw std::out_of_range{"thrown inside"}; }), std::out_of_range);
}

TEST(NetNs, RunHandsErrorsBack) {
  const auto result =
      create().run([]() -> Result<int> { return fail(Error::invalid("fail inside", {}, "on purpose")); });
  EXPECT_EQ(result.error().message(), "fail inside: on purpose");
}

TEST(NetNs, RunBlocksSignalsInsideOnly) {
  sigset_t inside{}, after{};
  create().run([&inside] { pthread_sigmask(SIG_SETMASK, nullptr, &inside); });
  pthread_sigmask(SIG_SETMASK, nullptr, &after);
  EXPECT_EQ(sigismember(&inside, SIGTERM), 1);
  EXPECT_EQ(sigismember(&after, SIGTERM), 0);
}

int heard_pipe[2];
void tell_that_it_was_heard(int /*signal*/) { std::ignore = ::write(heard_pipe[1], "h", 1); }

// Ctrl-C must end a test that waits for a function which takes long.
TEST(NetNs, RunLeavesTheWaitingCallerOpenToSignals) {
  ASSERT_EQ(::pipe(heard_pipe), 0);
  struct sigaction action{};
  action.sa_handler = tell_that_it_was_heard;
  struct sigaction before{};
  ASSERT_EQ(::sigaction(SIGUSR1, &action, &before), 0);
  const pthread_t caller = ::pthread_self();
  char byte = 0;
  create().run([&] {
    ::pthread_kill(caller, SIGUSR1);
    std::ignore = ::read(heard_pipe[0], &byte, 1);  // comes from the caller's handler, or never
  });
  EXPECT_EQ(byte, 'h');
  ::sigaction(SIGUSR1, &before, nullptr);
  for (const int end : heard_pipe) ::close(end);
}

TEST(NetNs, RunOfAMovedFromOneRunsNothing) {
  auto made = create();
  const auto kept = std::move(made);
  bool ran = false;
  EXPECT_THROW(made.run([&ran] { ran = true; }), SetupError);  // NOLINT(bugprone-use-after-move): what this is about
  EXPECT_FALSE(ran);
}

TEST(NetNs, SaysWhoMayEnterAndMake) {
  const auto made = create();
  const WithoutCapability without{CAP_SYS_ADMIN};
  EXPECT_THAT(NetNs::create().error().message(),
              HasSubstr("create a network namespace: EPERM (Operation not permitted): it takes CAP_SYS_ADMIN"));
  EXPECT_THAT(made.run([]() -> Result<void> { return {}; }).error().message(),
              HasSubstr("enter network namespace " + made.id().to_string() + ": EPERM"));
  EXPECT_THROW(made.run([] {}), SetupError);
}

TEST(NetNs, SocketBelongsToIt) {
  const auto made = create();
  for (const int domain : {AF_INET, AF_INET6, AF_NETLINK}) {
    const auto socket = made.socket(domain, SOCK_DGRAM, 0);
    ASSERT_TRUE(socket) << socket.error();
    EXPECT_EQ(NetNs::adopt(UniqueFd{ioctl(socket->get(), SIOCGSKNS)})->id(), made.id());
    EXPECT_EQ(fcntl(socket->get(), F_GETFD), FD_CLOEXEC);
  }
  EXPECT_THAT(made.socket(AF_INET, 77, 0).error().message(), HasSubstr("make a socket in \"" + made.id().to_string()));
}

TEST(NetNs, LivesAsLongAsADuplicate) {
  auto made = std::make_unique<NetNs>(create());
  const auto copy = made->duplicate();
  const auto id = made->id();
  made.reset();
  EXPECT_EQ(copy->id(), id);
  EXPECT_EQ(copy->run(current_id), id);
  EXPECT_TRUE(copy->made_here());
}

TEST(NetNs, IsFoundByProcess) {
  const WaitingChild child{[] { unshare(CLONE_NEWNET); }};
  const auto found = NetNs::of_process(child.pid());
  ASSERT_TRUE(found) << found.error();
  EXPECT_EQ(found->id().to_string(), link_of("/proc/" + std::to_string(child.pid()) + "/ns/net"));
  EXPECT_NE(found->id(), current_id());
  EXPECT_FALSE(found->made_here());
  EXPECT_EQ(NetNs::of_process(getpid())->id(), current_id());
}

TEST(NetNs, SaysWhyAProcessHasNone) {
  const WaitingChild child{[] {}};
  child.kill();
  const auto number = std::to_string(child.pid());
  EXPECT_EQ(NetNs::of_process(child.pid()).error().message(),
            "open the network namespace of process " + number +
                ": ESRCH (No such process): it has ended and waits to be reaped");
  EXPECT_EQ(NetNs::of_process(-1).error().message(),
            "open the network namespace of process -1: ESRCH (No such process): no process has this number here");
}

TEST(NetNs, SaysThatAProcessMayNotBeLookedAt) {
  const WaitingChild child{[] { prctl(PR_SET_DUMPABLE, 0); }};
  const WithoutCapability without{CAP_SYS_PTRACE};
  const auto refused = NetNs::of_process(child.pid());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, EACCES);
  EXPECT_THAT(refused.error().message(), HasSubstr("it belongs to another user or user namespace"));
}

TEST(NetNs, OpensFilesThatAreNetworkNamespacesOnly) {
  EXPECT_EQ(NetNs::open("/proc/self/ns/net")->id(), current_id());
  EXPECT_EQ(NetNs::open("/proc/self/ns/user").error().message(),
            "open network namespace /proc/self/ns/user: EINVAL (Invalid argument): it is a namespace of another type");
  EXPECT_THAT(NetNs::open("/dev/null").error().message(), HasSubstr("it is not a namespace"));
  EXPECT_EQ(NetNs::open("/run/netns/none").error().message(),
            "open network namespace /run/netns/none: ENOENT (No such file or directory)");
  EXPECT_EQ(NetNs::adopt(UniqueFd{}).error().code, EBADF);
}

TEST(NetNs, ManyAreMadeOnOneThread) {
  std::set<NetNsId> visited;
  std::set<pid_t> threads;
  const auto made = NetNs::create_many(20, [&](std::size_t index, const NetNs& netns) -> Result<void> {
    EXPECT_EQ(index, visited.size());
    EXPECT_EQ(netns.id(), current_id()) << "runs inside";
    visited.insert(netns.id());
    threads.insert(gettid());
    return {};
  });
  ASSERT_TRUE(made) << made.error();
  EXPECT_EQ(made->size(), 20U);
  EXPECT_EQ(visited.size(), 20U);
  EXPECT_EQ(threads.size(), 1U);
  EXPECT_FALSE(threads.contains(gettid()));
  EXPECT_TRUE(NetNs::create_many(0)->empty());
}

TEST(NetNs, ManyStopAtTheFirstError) {
  std::size_t visits = 0;
  const auto made = NetNs::create_many(5, [&](std::size_t index, const NetNs&) -> Result<void> {
    ++visits;
    if (index == 2) return fail(Error::invalid("prepare number 2", {}, "on purpose"));
    return {};
  });
  EXPECT_EQ(made.error().message(), "prepare number 2: on purpose");
  EXPECT_EQ(visits, 3U);
}

TEST(NetNs, EachIsEnteredInTurn) {
  const auto made = value_or_throw(NetNs::create_many(3));
  const std::vector<const NetNs*> order{&made[2], made.data(), &made[1]};
  std::vector<NetNsId> seen;
  const auto done = run_in_each(order, [&](std::size_t index) -> Result<void> {
    EXPECT_EQ(index, seen.size());
    seen.push_back(current_id());
    return {};
  });
  EXPECT_TRUE(done);
  EXPECT_THAT(seen, ElementsAre(made[2].id(), made[0].id(), made[1].id()));
}

TEST(NetNs, SaysHowToRaiseTheLimitOfFiles) {
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  const UniqueFd next{dup(STDERR_FILENO)};
  rlimit tight = before;
  tight.rlim_cur = static_cast<rlim_t>(next.get()) + 1;
  setrlimit(RLIMIT_NOFILE, &tight);
  const auto made = NetNs::create();
  setrlimit(RLIMIT_NOFILE, &before);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, EMFILE);
  EXPECT_THAT(made.error().message(), HasSubstr("raise that with `ulimit -n " + std::to_string(before.rlim_max) + '`'));
}

// The kernel counts a namespace until its worker has reaped it, so making one right after letting another go meets
// ENOSPC. Ten attempts without patience of their own would be over in a millisecond; with it, they outlast a busy
// machine.
TEST(NetNs, WaitsForTheKernelToReapOthers) {
  const auto outcome = in_a_lower_user_namespace([]() -> std::string {
    write_file("/proc/sys/user/max_net_namespaces", "1");
    for (int round = 0; round < 3; ++round) {
      auto made = NetNs::create();
      for (int attempt = 1; !made && attempt < 10; ++attempt) made = NetNs::create();
      if (!made) return made.error().message();
    }
    return "made three, one after the other";
  });
  EXPECT_EQ(outcome, "made three, one after the other");
}

TEST(NetNs, PrintsTheLimitsWhenNoneIsFreed) {
  const auto outcome = in_a_lower_user_namespace([]() -> std::string {
    write_file("/proc/sys/user/max_net_namespaces", "1");
    const auto kept = NetNs::create();
    return NetNs::create().error().message();
  });
  EXPECT_THAT(outcome, HasSubstr("create a network namespace: ENOSPC (No space left on device): "
                                 "user.max_net_namespaces is 1 in this user namespace"));
}

}  // namespace
}  // namespace netrig::netns
