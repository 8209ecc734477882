#include <netrig/sandbox/limit_processes.h>
#include <netrig/sandbox/sandbox.h>
#include <netrig/testing/skip.h>

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <sys/resource.h>

namespace netrig::sandbox {
namespace {

using Source = ProcessLimit::Source;

TEST(ProcessLimit, IsANumberInItsRange) {
  EXPECT_EQ(parse_process_limit("400"), 400U);
  EXPECT_EQ(parse_process_limit("4194303"), 4194303U);
  for (const char* text : {"", "0", "399", "4194304", "-1", "+500", " 500", "500 ", "500x", "many", "99999999999999"}) {
    EXPECT_EQ(parse_process_limit(text), std::nullopt) << text;
  }
}

TEST(ProcessLimit, IsThePidNamespacesFromLinux614On) {
  for (const char* release : {"6.14.0", "6.18.44-generic", "7.0", "10.2.1"}) EXPECT_TRUE(has_own_pid_max(release));
  for (const char* release : {"6.13.9", "5.15.0-100", "2.6.74", "", "6", "6.", "x.20", ".14"}) {
    EXPECT_FALSE(has_own_pid_max(release)) << release;
  }
}

TEST(ProcessLimit, OfTheHostsRootIsNoneWithoutAPidNamespace) {
  EXPECT_EQ(limit_processes({4096, false, false}), ProcessLimit{});
  EXPECT_FALSE(plan_process_limit(4096, false).pid_max_is_own);
}

TEST(ProcessLimit, SaysWhatHolds) {
  EXPECT_EQ(describe(ProcessLimit{Source::pid_namespace, 4096}),
            "at most 4096 processes and threads (kernel.pid_max of its pid namespace)");
  EXPECT_EQ(describe(ProcessLimit{Source::user_limit, 500}),
            "at most 500 processes and threads of each user (ulimit -u)");
  EXPECT_EQ(describe(ProcessLimit{}), "no process limit but the host's");
}

std::string first_line(const char* path) {
  std::string line;
  std::getline(std::ifstream{path}, line);
  return line;
}

TEST(ProcessLimitInside, IsInForceAndInTheEnvironment) {
  NETRIG_NEEDS_SANDBOX();
  const ProcessLimit limit = process_limit();
  const char* variable = std::getenv(kProcessLimitVariable);
  EXPECT_EQ(variable != nullptr ? variable : "", limit.most == 0 ? "" : std::to_string(limit.most));
  if (limit.source == Source::pid_namespace) {
    EXPECT_EQ(first_line("/proc/sys/kernel/pid_max"), std::to_string(limit.most + 1));
  } else if (limit.source == Source::user_limit) {
    rlimit user{};
    ASSERT_EQ(::getrlimit(RLIMIT_NPROC, &user), 0);
    EXPECT_EQ(user.rlim_cur, limit.most);
  }
  EXPECT_TRUE(describe().ends_with("; " + describe(limit))) << describe();
}

}  // namespace
}  // namespace netrig::sandbox
