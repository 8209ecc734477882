// Many labs and large ones: nothing grows with the number of labs that were, and a thousand nodes are a lab.
//
// NETRIG_LABS=10000 makes the first test as long as it is meant to be; the default fits into a CI run.
#include <netrig/base/scope_exit.h>
#include <netrig/nft/presets.h>
#include <netrig/sandbox/sandbox.h>
#include <netrig/testing/skip.h>
#include <netrig/topology/lab.h>
#include <netrig/topology/test_topologies.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <malloc.h>
#include <optional>
#include <string>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

namespace netrig {
namespace {

using test::pair;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kCountsMemory = false;  // the sanitizer's own allocator keeps what was freed, and does not say how much
#elif defined(__has_feature)
constexpr bool kCountsMemory =
    !(__has_feature(address_sanitizer) || __has_feature(thread_sanitizer));  // NOLINT(misc-redundant-expression)
#else
constexpr bool kCountsMemory = true;
#endif

std::size_t entries_of(const char* directory) {
  const std::filesystem::directory_iterator all{directory};
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

/// What a process holds that could grow.
struct Holdings {
  std::size_t files = entries_of("/proc/self/fd");
  std::size_t threads = entries_of("/proc/self/task");
  std::size_t heap = ::mallinfo2().uordblks + ::mallinfo2().hblkhd;  ///< bytes in use
  std::size_t resident = resident_bytes();

  static std::size_t resident_bytes() {
    std::size_t size = 0, resident = 0;
    std::ifstream{"/proc/self/statm"} >> size >> resident;
    return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  }
};

std::size_t number_of_labs() {
  const char* wanted = std::getenv("NETRIG_LABS");
  return wanted == nullptr ? 500 : std::strtoul(wanted, nullptr, 10);
}

/// Lets this user namespace have only so many network namespaces while it lives: labs that kept theirs would soon find
/// no room.
class FewNamespaces {
 public:
  explicit FewNamespaces(int limit) {
    std::ifstream{kPath} >> before_;
    set(std::to_string(limit));
  }
  FewNamespaces(const FewNamespaces&) = delete;
  FewNamespaces& operator=(const FewNamespaces&) = delete;
  ~FewNamespaces() { set(before_); }

 private:
  static constexpr const char* kPath = "/proc/sys/user/max_net_namespaces";
  static void set(const std::string& limit) {
    std::ofstream file{kPath};
    EXPECT_TRUE(file << limit << std::flush) << kPath;
  }
  std::string before_;
};

void live(bool with_everything) {
  const Lab lab{pair()};
  ASSERT_TRUE(lab["left"].ping({.destination = lab["right"].address(), .count = 1}).complete());
  if (!with_everything) return;
  const auto web = lab["right"].listen(traffic::tcp(80));
  ASSERT_TRUE(lab["left"].probe(lab["right"].address(), traffic::tcp(80)).answered());
  ASSERT_TRUE(lab["left"].exec({"true"}).success());
  const auto program = lab["right"].start({"sleep", "1000"});
  lab["left"].add_rules(nft::nat_masquerade(InterfaceName{"eth0"}));
  (void)lab["left"].snapshot();
  const auto cut = lab.link("left", "right").down();
}

/// Lives through `count` labs and prints a row; gives what is held then.
Holdings live_through(std::size_t first, std::size_t count) {
  std::vector<double> times;
  for (std::size_t i = 0; i < count; ++i) {
    const auto start = std::chrono::steady_clock::now();
    live(i % 10 == 0);
    times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  }
  std::ranges::sort(times);
  const Holdings held;
  fmt::print("{:>7}  {:>9.2f}  {:>5}  {:>7}  {:>9}  {:>12}\n", first + count, times[times.size() / 2], held.files,
             held.threads, held.heap, held.resident / 1024);
  return held;
}

class LabScale : public ::testing::Test {
 protected:
  void SetUp() override { NETRIG_NEEDS_SANDBOX(); }
};

TEST_F(LabScale, ManyLabsInOneProcessLeaveItAsItWas) {
  constexpr std::size_t kRows = 10;
  const auto a_row = std::max<std::size_t>(number_of_labs() / kRows, 10);
  const FewNamespaces limit{200};
  for (int i = 0; i < 10; ++i) live(true);  // what is made once and kept
  fmt::print("{:>7}  {:>9}  {:>5}  {:>7}  {:>9}  {:>12}\n", "labs", "median ms", "files", "threads", "heap B",
             "RSS KiB");
  std::optional<Holdings> first;
  for (std::size_t row = 0; row < kRows && !HasFatalFailure(); ++row) {
    const auto held = live_through(row * a_row, a_row);
    if (!first) first = held;
    EXPECT_EQ(held.files, first->files);
    EXPECT_EQ(held.threads, first->threads);
    if (!kCountsMemory) continue;
    EXPECT_LE(held.heap, first->heap + 8 * a_row * row + 4096);  // less than a pointer a lab
    EXPECT_LE(held.resident, first->resident + (4U << 20U));
  }
}

/// A router with `lans` bridges of `hosts` hosts each.
Topology campus(std::size_t lans, std::size_t hosts) {
  Topology topology;
  const auto core = topology.router("core");
  for (std::size_t lan = 1; lan <= lans; ++lan) {
    auto segment = topology.segment(fmt::format("lan{}", lan), fmt::format("10.{}.0.0/16, fd00:{}::/64", lan, lan));
    segment.join(core);
    for (std::size_t host = 1; host <= hosts; ++host) segment.join(topology.host(fmt::format("h{}-{}", lan, host)));
  }
  return topology;
}

TEST_F(LabScale, AThousandNodesAreALab) {
  constexpr std::size_t kLans = 9, kHosts = 110;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const rlimit usual{std::min<rlim_t>(1024, limit.rlim_max), limit.rlim_max};  // it takes more, and gets it
  ::setrlimit(RLIMIT_NOFILE, &usual);
  const ScopeExit restore{[&] { ::setrlimit(RLIMIT_NOFILE, &limit); }};
  const auto before = entries_of("/proc/self/fd");
  {
    const Lab lab{campus(kLans, kHosts)};
    ASSERT_EQ(lab.nodes().size(), 1000U);
    const auto first = lab["h1-1"], last = lab[fmt::format("h{}-{}", kLans, kHosts)];
    for (const auto family : {AddressFamily::ipv4, AddressFamily::ipv6}) {
      EXPECT_TRUE(first.ping({.destination = last.address(family), .count = 1}).complete());
    }
    for (const auto& node : {first, lab["core"], last}) EXPECT_EQ(node.exec({"hostname"}).out, node.name() + "\n");
    EXPECT_TRUE(first.exec({"ip", "netns", "exec", last.name(), "true"}).success());
  }
  EXPECT_EQ(entries_of("/proc/self/fd"), before);
}

[[noreturn]] void build_beyond_the_hard_limit() {
  const rlimit narrow{100, 200};
  ::setrlimit(RLIMIT_NOFILE, &narrow);
  const auto before = entries_of("/proc/self/fd");
  const auto refused = Lab::build(campus(2, 60));
  if (refused || refused.error().code != EMFILE) std::exit(1);
  std::cerr << refused.error() << '\n';
  if (entries_of("/proc/self/fd") != before) std::exit(2);
  std::exit(Lab::build(campus(2, 20)) ? 0 : 3);
}

// In a process of its own, for a hard limit cannot be raised again.
TEST_F(LabScale, BeyondTheHardLimitOfOpenFilesIsOneClearError) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(build_beyond_the_hard_limit(), ::testing::ExitedWithCode(0), "no more than 200 .the hard limit.");
}

}  // namespace
}  // namespace netrig
