#include <netrig/nft/fresh_network.h>

#include <gmock/gmock.h>

#include <cerrno>
#include <csignal>
#include <iostream>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace netrig::nft {
namespace {

class NfSocketTest : public FreshNetworkTest {};

TEST_F(NfSocketTest, StaysWhereItWasOpened) {
  ASSERT_TRUE(apply(socket(), Transaction{}.add(Table{.family = Family::inet, .name = "here"})));
  std::thread elsewhere{[&] {
    ASSERT_EQ(unshare(CLONE_NEWNET), 0);
    auto fresh = NfSocket::open("fresh");
    ASSERT_TRUE(fresh) << fresh.error();
    EXPECT_TRUE(list(*fresh).value_or(Ruleset{.tables = {{}}}).tables.empty());
    EXPECT_EQ(listing().tables.size(), 1U);
  }};
  elsewhere.join();
}

using NfSocketDeathTest = NfSocketTest;

int exit_status_of(pid_t child) {
  int status = 0;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}

// From below, this test's own namespace is somebody else's: what the host's is to the sandbox.
TEST_F(NfSocketDeathTest, RefusesANamespaceThatBelongsToAUserNamespaceAbove) {
  const auto open_from_below = [] {
    // clone(2), because unshare(2) is refused where a sanitizer has started a thread.
    const auto child = static_cast<pid_t>(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, nullptr, nullptr, nullptr, 0UL));
    if (child != 0) _exit(exit_status_of(child));
    const auto opened = NfSocket::open("host");
    if (opened) _exit(3);
    std::cerr << opened.error() << std::flush;
    _exit(opened.error().code == EPERM ? 0 : 4);
  };
  EXPECT_EXIT(open_from_below(), testing::ExitedWithCode(0),
              "open netfilter socket in \"host\": EPERM .*: this network namespace belongs to the host");
}

}  // namespace
}  // namespace netrig::nft
