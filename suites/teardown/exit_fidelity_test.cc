// What the caller sees of a program's end is what it would see without a sandbox.
#include <netrig/suites/teardown/teardown_test.h>
#include <netrig/testing/skip.h>

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/resource.h>
#include <sys/wait.h>

namespace netrig::teardown {
namespace {

constexpr int kCoreFlag = 0x80;

class ExitFidelityTest : public TeardownTest {
 protected:
  static int end_of(const std::vector<std::string>& arguments, const std::vector<std::string>& environment = {}) {
    Victim victim{{.arguments = arguments, .environment = environment}};
    return victim.wait_supervisor();
  }
};

TEST_F(ExitFidelityTest, EveryExitStatusArrives) {
  for (int status = 0; status < 256; ++status) {
    ASSERT_EQ(end_of({"exit", std::to_string(status)}), exited(status));
  }
}

TEST_F(ExitFidelityTest, EverySignalEndsTheCallersChildAsItEndsTheProgram) {
  for (int signal = 1; signal < NSIG; ++signal) {
    if (signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU) continue;  // they end nothing
    const std::string number = std::to_string(signal);
    const int bare = end_of({"signal", number}, {"NETRIG_VICTIM_BARE=1"}) & ~kCoreFlag;
    ASSERT_EQ(end_of({"signal", number}), bare) << "signal " << signal;
  }
}

TEST_F(ExitFidelityTest, ACrashIsASegmentationFault) { EXPECT_EQ(end_of({"crash"}), killed_by(SIGSEGV)); }

TEST_F(ExitFidelityTest, AlsoWithoutAPidNamespace) {
  EXPECT_EQ(end_of({"exit", "77"}, {"NETRIG_SANDBOX=no-pid"}), exited(77));
  EXPECT_EQ(end_of({"signal", "6"}, {"NETRIG_SANDBOX=no-pid"}) & ~kCoreFlag, killed_by(SIGABRT));
}

// Cores in an empty working directory, with the limit lifted for one crash.
class CoreTest : public ExitFidelityTest {
 protected:
  void SetUp() override {
    ExitFidelityTest::SetUp();
    if (IsSkipped()) return;
    std::string pattern;
    std::getline(std::ifstream{"/proc/sys/kernel/core_pattern"} >> std::ws, pattern);
    if (pattern.empty() || pattern[0] == '|' || pattern[0] == '/') {
      NETRIG_SKIP("core-file", "cores go elsewhere here: kernel.core_pattern is " << pattern);
    }
    ::getrlimit(RLIMIT_CORE, &before_);
    if (before_.rlim_max == 0) NETRIG_SKIP("core-file", "cores are not permitted here: the hard limit is 0");
    std::string name = std::filesystem::temp_directory_path() / "netrig-core-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
    home_ = std::filesystem::current_path();
    std::filesystem::current_path(directory_);
  }
  void TearDown() override {
    if (directory_.empty()) return;
    std::filesystem::current_path(home_);
    std::filesystem::remove_all(directory_);
    ::setrlimit(RLIMIT_CORE, &before_);
  }

  long cores_of_a_crash(rlim_t limit) {
    const rlimit wanted{limit, before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_CORE, &wanted), 0);
    EXPECT_EQ(end_of({"crash"}), killed_by(SIGSEGV));
    return std::distance(std::filesystem::directory_iterator{directory_}, {});
  }

  rlimit before_{};
  std::filesystem::path directory_;
  std::filesystem::path home_;
};

TEST_F(CoreTest, ACrashLeavesExactlyOne) { EXPECT_EQ(cores_of_a_crash(before_.rlim_max), 1); }

TEST_F(CoreTest, ACrashLeavesNoneWhereTheLimitForbids) { EXPECT_EQ(cores_of_a_crash(0), 0); }

}  // namespace
}  // namespace netrig::teardown
