// Too few descriptors, namespaces, processes: whatever is refused first is told with the limit and how to raise it,
// nothing is left, and with the limit gone the next lab works.
#include <netrig/base/living_namespaces.h>
#include <netrig/base/open_files.h>
#include <netrig/base/scope_exit.h>
#include <netrig/fixtures/lab_test.h>
#include <netrig/netns/net_ns.h>
#include <netrig/suites/kernel_failures/everything.h>
#include <netrig/suites/kernel_failures/held.h>
#include <netrig/testing/eventually.h>
#include <netrig/testing/skip.h>

#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <fcntl.h>
#include <functional>
#include <list>
#include <netinet/in.h>
#include <optional>
#include <sched.h>
#include <string>
#include <sys/resource.h>
#include <sys/socket.h>
#include <system_error>
#include <thread>

namespace netrig::kernel_failures {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// A soft limit of this process's, while it lives.
class Limited {
 public:
  Limited(__rlimit_resource resource, rlim_t most) : resource_{resource} {
    ::getrlimit(resource, &before_);
    const rlimit low{.rlim_cur = most, .rlim_max = before_.rlim_max};
    ::setrlimit(resource, &low);
  }
  Limited(const Limited&) = delete;
  Limited& operator=(const Limited&) = delete;
  ~Limited() { ::setrlimit(resource_, &before_); }

 private:
  __rlimit_resource resource_;
  rlimit before_{};
};

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const SetupError& error) {
    return error.what();
  }
  return {};
}

class LimitsTest : public LabTest {
 protected:
  void SetUp() override {
    LabTest::SetUp();
    if (IsSkipped()) return;
    ASSERT_TRUE(can_be_had(topology_));  // what is opened at the first use of a process is open
    before_ = held_now();
  }

  void all_is_as_before() {
    EXPECT_TRUE(holds_as(before_));
    EXPECT_TRUE(can_be_had(topology_));
  }

  const Topology topology_ = everything();
  Held before_;
};

TEST_F(LimitsTest, EveryLimitOfDescriptorsThatIsTooLowIsTold) {
  keep_file_limit(true);
  const ScopeExit no_more{[] { keep_file_limit(false); }};
  std::size_t too_low = 0;
  for (rlim_t limit = before_.descriptors.size();; ++limit, ++too_low) {
    SCOPED_TRACE(limit);
    const auto error = error_of([&] {
      const Limited low{RLIMIT_NOFILE, limit};
      const Lab lab{topology_};
      EXPECT_TRUE(works(lab));
    });
    ASSERT_TRUE(holds_as(before_));
    if (error.empty()) break;
    EXPECT_THAT(error,
                AllOf(HasSubstr("EMFILE (Too many open files)"),
                      HasSubstr("all of the " + std::to_string(limit) + " files that this process may have open"),
                      HasSubstr("`ulimit -n ")));
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_GT(too_low, 2 * kNodes);
  all_is_as_before();
}

// The number of an error's limit, and the sysctl that raises it.
auto tells_limit(const std::string& kind, std::size_t limit) {
  const auto name = "user.max_" + kind + "_namespaces";
  return AllOf(HasSubstr("ENOSPC (No space left on device)"), HasSubstr(name + " is " + std::to_string(limit)),
               HasSubstr("sudo sysctl -w " + name + "="));
}

TEST_F(LimitsTest, TooFewNetworkNamespacesAreToldWithTheNode) {
  for (const std::size_t limit : {std::size_t{0}, kNodes}) {
    const NamespaceLimit low{"net", limit};
    EXPECT_THAT(error_of([&] { const Lab lab{topology_}; }),
                AllOf(HasSubstr("create a network namespace in \""), tells_limit("net", limit)));
  }
  all_is_as_before();
}

// The kernel's worker is behind by hundreds, and the limit has room for what the lab needs, not for one of them.
TEST_F(LimitsTest, NamespacesThatTheKernelHasYetToReapAreWaitedFor) {
  auto released = value_or_throw(netns::NetNs::create_many(300));
  const auto others = count_living_namespaces("net").value() - released.size();
  const NamespaceLimit low{"net", others + kNodes + 1};  // one for the programs
  released.clear();
  EXPECT_EQ(error_of([&] { EXPECT_TRUE(can_be_had(topology_)); }), "");
}

// The sandbox's own, once the threads of labs that have ended are gone for the kernel too.
std::size_t own_namespaces(const char* kind) {
  EXPECT_TRUE(eventually(std::chrono::seconds{20}, [&] { return count_living_namespaces(kind).value() <= 1; }));
  return count_living_namespaces(kind).value();
}

// Without patience of its own.
bool can_have_two_networks() {
  bool both = false;
  std::thread{[&] {
    if (::unshare(CLONE_NEWNET) != 0) return;
    const UniqueFd first{::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)};
    both = ::unshare(CLONE_NEWNET) == 0;
  }}.join();
  return both;
}

// What it had still to say the kernel would repeat for 100 s.
TEST_F(LimitsTest, AConnectionClosedWithoutAnAnswerDoesNotHoldItsNamespace) {
  const NamespaceLimit low{"net", own_namespaces("net") + 2};
  std::optional<LinkCut> cut;
  {
    Topology hosts;
    const auto left = hosts.host("left"), right = hosts.host("right");
    hosts.link(left, right, "10.0.0.0/24, fd00::/64");
    const Lab lab{hosts};
    const auto web = lab["right"].listen(traffic::tcp(80));
    const UniqueFd connection{lab["left"].run([] { return ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); })};
    const sockaddr_in server{
        .sin_family = AF_INET, .sin_port = htons(80), .sin_addr = {htonl(0x0a000002)}, .sin_zero = {}};
    ASSERT_EQ(::connect(connection.get(), reinterpret_cast<const sockaddr*>(&server), sizeof server), 0);
    cut = lab.link("left", "right").down();
    ASSERT_EQ(::send(connection.get(), "words", 5, MSG_NOSIGNAL), 5);
  }
  EXPECT_TRUE(eventually(std::chrono::seconds{60}, can_have_two_networks));
}

TEST_F(LimitsTest, ItIsInVainToWaitWhileAllThatMayBeAreInUse) {
  const NamespacePatienceSpans none_while_in_use{.in_use = std::chrono::seconds{0}};
  for (const char* kind : {"net", "mnt", "pid", "uts"}) {
    const auto living = own_namespaces(kind);
    const NamespaceLimit room_for_one{kind, living + 1};
    NamespacePatience patience{{kind}, none_while_in_use};
    EXPECT_TRUE(patience.wait()) << kind;
    const NamespaceLimit full{kind, living};
    EXPECT_FALSE(patience.wait()) << kind;
  }
}

TEST_F(LimitsTest, NamespacesThatAreInUseAreCountedWhoeverHoldsThem) {
  const auto count = [] { return count_living_namespaces("net").value(); };
  const auto before = own_namespaces("net");
  std::optional<netns::NetNs> held{value_or_throw(netns::NetNs::create())};
  EXPECT_EQ(count(), before + 1);
  const auto same = value_or_throw(held->duplicate());
  EXPECT_EQ(count(), before + 1);
  held.reset();
  EXPECT_EQ(count(), before + 1);
  std::optional<Lab> lab{topology_};
  const auto program = (*lab)["pc"].start({"sleep", "1000"});
  EXPECT_EQ(count(), before + 1 + kNodes + 1);
  lab.reset();
  EXPECT_TRUE(eventually(std::chrono::seconds{20}, [&] { return count() == before + 1; }));
}

TEST_F(LimitsTest, TooFewNamespacesForProgramsAreTold) {
  const Lab lab{topology_};
  for (const char* kind : {"mnt", "pid", "uts"}) {
    const NamespaceLimit low{kind, 0};
    EXPECT_THAT(error_of([&] { lab["pc"].exec({"true"}); }), AllOf(HasSubstr("\"pc\""), tells_limit(kind, 0)));
  }
  EXPECT_TRUE(works(lab));
}

// Threads, which take numbers as processes do, until there are none left.
class FullOfThreads {
 public:
  FullOfThreads() {
    try {
      while (true) threads_.emplace_back([this] { over_.wait(false); });
    } catch (const std::system_error&) {  // NOLINT(bugprone-empty-catch): that is when there are enough
    }
  }
  FullOfThreads(const FullOfThreads&) = delete;
  FullOfThreads& operator=(const FullOfThreads&) = delete;
  ~FullOfThreads() {
    over_ = true;
    over_.notify_all();
    for (auto& thread : threads_) thread.join();
  }

 private:
  std::atomic<bool> over_ = false;
  std::list<std::thread> threads_;
};

const auto kTellsProcessLimits = AllOf(HasSubstr("EAGAIN (Resource temporarily unavailable)"),
                                       HasSubstr("no more processes or threads may be started"),
                                       HasSubstr("`ulimit -u` is "), HasSubstr("kernel.pid_max "));

// Neither a lab nor a program can be had; `kTellsProcessLimits` of both.
void expect_no_room(const Lab& lab, const Topology& topology) {
  EXPECT_THAT(error_of([&] { lab["pc"].exec({"true"}); }),
              AllOf(HasSubstr("run \"true\" in \"pc\""), kTellsProcessLimits));
  EXPECT_THAT(error_of([&] { const Lab another{topology}; }), kTellsProcessLimits);
}

TEST_F(LimitsTest, AFullPidNamespaceIsTold) {
  {
    const Lab lab{topology_};
    EXPECT_TRUE(works(lab));
    const auto low = Setting::make("/proc/sys/kernel/pid_max", "301");  // the least there is
    if (!low) NETRIG_SKIP("pid-max", "kernel.pid_max cannot be set in a sandbox here");
    const FullOfThreads threads;
    expect_no_room(lab, topology_);
  }
  all_is_as_before();
}

TEST_F(LimitsTest, AFullLimitOfProcessesIsTold) {
  {
    const Lab lab{topology_};
    EXPECT_TRUE(works(lab));
    const Limited low{RLIMIT_NPROC, 1};
    if (error_of([&] { const Lab another{topology_}; }).empty())
      NETRIG_SKIP("limit-processes", "root has no limit of processes");
    expect_no_room(lab, topology_);
  }
  all_is_as_before();
}

}  // namespace
}  // namespace netrig::kernel_failures
