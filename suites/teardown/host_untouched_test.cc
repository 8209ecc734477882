// The host's network is, byte for byte, what it was before: its links, addresses, routes, rules, sysctls, mounts and
// names.
#include <netrig/suites/teardown/teardown_test.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <regex>

namespace netrig::teardown {
namespace {

using Snapshot = std::map<std::string, std::string>;

std::string output_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe{::popen((command + " 2>&1").c_str(), "r"), ::pclose};
  std::string text;
  std::array<char, 4096> part{};
  while (const auto size = std::fread(part.data(), 1, part.size(), pipe.get())) text.append(part.data(), size);
  // A lease's remaining time passes without anybody's doing.
  return std::regex_replace(text, std::regex{"(valid_lft|preferred_lft|expires) [0-9]+sec"}, "$1 some time");
}

void add_file(Snapshot& snapshot, const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream{path}.rdbuf();
  snapshot[path] = text.str();
}

void add_sysctls(Snapshot& snapshot) {
  std::error_code unreadable;
  const auto options = std::filesystem::directory_options::skip_permission_denied;
  for (std::filesystem::recursive_directory_iterator each{"/proc/sys/net", options, unreadable}, end; each != end;
       each.increment(unreadable)) {
    // A count of connections, not a setting.
    if (each->is_regular_file(unreadable) && each->path().filename() != "nf_conntrack_count") add_file(snapshot, *each);
  }
}

Snapshot snapshot_of_the_host() {
  Snapshot snapshot;
  for (const char* command :
       {"ip -details link show", "ip address show", "ip -4 route show table all", "ip -6 route show table all",
        "ip -4 rule show", "ip -6 rule show", "ip netns list", "ls -la /run/netns /var/run/netns"}) {
    snapshot[command] = output_of(command);
  }
  add_sysctls(snapshot);
  add_file(snapshot, "/proc/self/mountinfo");
  add_file(snapshot, "/proc/sys/kernel/hostname");
  return snapshot;
}

class HostUntouchedTest : public TeardownTest {
 protected:
  void SetUp() override {
    TeardownTest::SetUp();
    if (IsSkipped()) return;
    if (output_of("ip -V").find("iproute2") == std::string::npos) GTEST_SKIP() << "needs ip (iproute2)";
    before_ = snapshot_of_the_host();
    ASSERT_GT(before_.size(), 100U);  // there is something to compare
  }
  void expect_untouched() const {
    for (const auto& [what, text] : snapshot_of_the_host()) {
      const auto found = before_.find(what);
      EXPECT_EQ(found == before_.end() ? "" : found->second, text) << what;
    }
  }

  Snapshot before_;
};

TEST_F(HostUntouchedTest, WhileASandboxChangesItsOwnNetworkAndAfterItsEnd) {
  Victim victim{{.arguments = {"change-network"}}};
  ASSERT_EQ(victim.letters(1), "T");
  expect_untouched();
  ::kill(victim.supervisor(), SIGTERM);
  EXPECT_EQ(victim.wait_supervisor(), killed_by(SIGTERM));
  EXPECT_TRUE(victim.all_gone_already());
  expect_untouched();
}

TEST_F(HostUntouchedTest, AfterEachProcessOfASandboxWasKilled) {
  const UniqueFd silence{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
  for (int role = 0; role < 3; ++role) {
    Victim victim{{.arguments = {"change-network"}, .output = silence.get()}};
    ASSERT_EQ(victim.letters(1), "T");
    const pid_t roles[] = {victim.supervisor(), victim.init().value(), victim.program().value()};
    ::kill(roles[role], SIGKILL);
    EXPECT_TRUE(victim.all_gone());
  }
  expect_untouched();
}

TEST_F(HostUntouchedTest, WithoutAPidNamespace) {
  Victim victim{{.arguments = {"change-network"}, .environment = {"NETRIG_SANDBOX=no-pid"}}};
  ASSERT_EQ(victim.letters(1), "T");
  expect_untouched();
  ::kill(victim.supervisor(), SIGKILL);
  EXPECT_TRUE(victim.all_gone());
  expect_untouched();
}

}  // namespace
}  // namespace netrig::teardown
