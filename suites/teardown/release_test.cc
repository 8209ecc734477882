// Every namespace is released, counted by the kernel: in a user namespace that may have only a few of each kind at a
// time, many sandboxes are made and killed. One that leaked would soon be one too many.
#include <netrig/suites/teardown/surroundings.h>
#include <netrig/suites/teardown/teardown_test.h>
#include <netrig/testing/skip.h>

#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

namespace netrig::teardown {
namespace {

constexpr int kLimit = 4;
constexpr int kRounds = 30;

bool write_text(const std::string& path, const std::string& text) {
  std::ofstream file{path};
  file << text << std::flush;
  return file.good();
}

bool enter_narrow_user_namespace() {
  const auto uid = std::to_string(::geteuid());
  const auto gid = std::to_string(::getegid());
  if (::unshare(CLONE_NEWUSER) != 0) return false;
  bool good = write_text("/proc/self/uid_map", "0 " + uid + " 1") && write_text("/proc/self/setgroups", "deny") &&
              write_text("/proc/self/gid_map", "0 " + gid + " 1");
  for (const char* kind : {"user", "pid", "mnt", "net", "ipc", "uts"}) {
    good = good && write_text("/proc/sys/user/max_" + std::string{kind} + "_namespaces", std::to_string(kLimit));
  }
  return good;
}

// Kills one process of the victim, another each round.
void kill_one(const Victim& victim, int round) {
  const pid_t roles[] = {victim.supervisor(), victim.init().value(), victim.program().value()};
  ::kill(roles[round % 3], SIGKILL);
}

void make_and_kill_many() {
  const UniqueFd silence{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
  for (int round = 0; round < kRounds; ++round) {
    Victim victim{{.arguments = {"daemons"}, .output = silence.get()}};
    ASSERT_EQ(victim.letters(3), "DLT") << "in round " << round;
    kill_one(victim, round);
    ASSERT_TRUE(victim.all_gone()) << "in round " << round;
  }
}

class ReleaseTest : public TeardownTest {};

TEST_F(ReleaseTest, OfEveryNamespaceOfKilledSandboxes) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (!enter_narrow_user_namespace()) ::_exit(kNotPermitted);
    make_and_kill_many();
    ::_exit(HasFailure() ? 1 : 0);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  if (status == exited(kNotPermitted)) NETRIG_SKIP("user-limits", "the limits of a user namespace cannot be set here");
  EXPECT_EQ(status, exited(0));
  for (int round = 0; round < kRounds; ++round) {  // whichever failed, it is told above
    table_.add("SIGKILL, where few namespaces are permitted", round == 0 && status != exited(0) ? 1 : 0);
  }
}

}  // namespace
}  // namespace netrig::teardown
