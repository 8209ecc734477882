// The kernel's own out-of-memory killer takes one process of a sandbox: nothing is left, and the end is told as it was.
#include <netrig/suites/teardown/memory_group.h>
#include <netrig/suites/teardown/observer.h>
#include <netrig/suites/teardown/teardown_test.h>
#include <netrig/testing/skip.h>

#include <csignal>
#include <fcntl.h>
#include <functional>
#include <optional>
#include <poll.h>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>

namespace netrig::teardown {
namespace {

class OomKillerTest : public TeardownTest {
 protected:
  using Choice = std::function<std::optional<pid_t>(const Victim&)>;

  // A victim with daemons, of which the kernel kills the process of that role. Its supervisor's end is SIGKILL's either
  // way.
  void kill_one(const std::string& role, const Choice& choose) {
    auto group = MemoryGroup::make();
    if (!group) NETRIG_SKIP("root", "needs root, and a memory cgroup of its own: " << group.error().message());
    const auto table = observe([&](Observer& observer) {
      const UniqueFd silence{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
      Victim victim{{.arguments = {"daemons"},
                     .environment = observer.environment(),
                     .output = silence.get(),
                     .surroundings = [&] { group->enter(); }}};
      ASSERT_EQ(victim.letters(3), "DLT");
      const auto chosen = choose(victim);
      ASSERT_TRUE(chosen.has_value());
      const UniqueFd life{static_cast<int>(::syscall(SYS_pidfd_open, *chosen, 0))};
      group->kill_by_shortage(*chosen);
      ASSERT_TRUE(has_ended(life.get())) << "another than the " << role << " was killed";
      EXPECT_EQ(victim.wait_supervisor(), killed_by(SIGKILL));
      observer.note("the kernel's out-of-memory killer takes the " + role, victim);
    });
    if (IsSkipped()) return;
    EXPECT_EQ(table.residue(), 0);
    table_.add(table);
  }

  static bool has_ended(int pidfd) {
    pollfd ended{.fd = pidfd, .events = POLLIN, .revents = 0};
    return ::poll(&ended, 1, std::chrono::milliseconds{kPatience}.count()) == 1;
  }
};

TEST_F(OomKillerTest, OfTheProgramIsToldAsItsSignal) {
  kill_one("program", [](const Victim& victim) { return victim.program(); });
}

TEST_F(OomKillerTest, OfTheSupervisorTakesAllWithIt) {
  kill_one("supervisor", [](const Victim& victim) { return std::optional{victim.supervisor()}; });
}

}  // namespace
}  // namespace netrig::teardown
