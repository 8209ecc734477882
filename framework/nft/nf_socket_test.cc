#include <netrig/nft/fresh_network.h>

#include <gmock/gmock.h>

#include <cerrno>
#include <iostream>
#include <sched.h>
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

// From below, this test's own namespace is somebody else's: what the host's is to the sandbox.
TEST_F(NfSocketDeathTest, RefusesANamespaceThatBelongsToAUserNamespaceAbove) {
  const auto open_from_below = [] {
    if (unshare(CLONE_NEWUSER) != 0) _exit(2);
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
