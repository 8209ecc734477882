// SIGKILL at random moments of a program's life with labs: while one is built, used, or let go.
#include <netrig/base/error.h>
#include <netrig/base/unique_fd.h>
#include <netrig/suites/teardown/host_snapshot.h>
#include <netrig/suites/teardown/teardown_test.h>
#include <netrig/testing/seed.h>

#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <random>
#include <string>

namespace netrig::teardown {
namespace {

// Each of the three processes is killed as often.
constexpr int kKills = 99;
constexpr const char* kRoles[] = {"supervisor", "init", "program"};

// A folder for the victims' temporary files alone.
class Folder {
 public:
  Folder() {
    if (::mkdtemp(path_.data()) == nullptr) throw SetupError{Error::from_errno("make a directory", path_, errno)};
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] bool empty() const { return std::filesystem::is_empty(path_); }

 private:
  std::string path_ = std::filesystem::temp_directory_path() / "netrig-kill-XXXXXX";
};

class RandomKillTest : public TeardownTest {
 protected:
  // How many steps of the victim's life to let pass, and how long to wait then: somewhere within the next step.
  void let_live(Victim& victim) {
    const auto steps = std::uniform_int_distribution<std::size_t>{0, 9}(random_);
    ASSERT_EQ(victim.letters(steps).size(), steps);
    victim.watch(std::chrono::microseconds{std::uniform_int_distribution{0, 8000}(random_)});
  }

  struct Target {
    std::string role;
    pid_t pid = -1;
  };
  // The process of that role; the supervisor while there is no such process yet.
  static Target target_of(const Victim& victim, int role) {
    if (const auto init = victim.init(); role == 1 && init) return {"init", *init};
    if (const auto program = victim.program(); role == 2 && program) return {"program", *program};
    return {"supervisor", victim.supervisor()};
  }

  static std::string lab_victim() { return program_beside("netrig_lab_victim"); }

  std::mt19937_64 random_ = seeded_generator();
};

TEST_F(RandomKillTest, LeavesNoProcessNoFileAndTheHostAsItWas) {
  const UniqueFd silence{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
  const Folder folder;
  const auto before = snapshot_of_the_host();
  for (int round = 0; round < kKills; ++round) {
    SCOPED_TRACE(testing::Message() << "round " << round << ", the " << kRoles[round % 3]);
    Victim victim{{.program = lab_victim(), .environment = {"TMPDIR=" + folder.path()}, .output = silence.get()}};
    ASSERT_NO_FATAL_FAILURE(let_live(victim));
    const auto target = target_of(victim, round % 3);
    ASSERT_EQ(::kill(target.pid, SIGKILL), 0);
    const auto gone = victim.all_gone();
    table_.add("SIGKILL to the " + target.role + ", at a random moment", (gone ? 0 : 1) + (folder.empty() ? 0 : 1));
    ASSERT_TRUE(gone);
    ASSERT_TRUE(folder.empty());
  }
  EXPECT_EQ(changes_since(before), "");
}

// A victim that is let live would fail every round: the test above looks at labs that work.
TEST_F(RandomKillTest, TheVictimLivesThroughManyLabs) {
  Victim victim{{.program = lab_victim()}};
  EXPECT_EQ(victim.letters(40),
            std::string(10, 'B') + std::string(10, 'E') + std::string(10, 'P') + std::string(10, 'U'));
  ::kill(victim.supervisor(), SIGTERM);
  EXPECT_EQ(victim.wait_supervisor(), killed_by(SIGTERM));
  EXPECT_TRUE(victim.all_gone_already());
}

}  // namespace
}  // namespace netrig::teardown
