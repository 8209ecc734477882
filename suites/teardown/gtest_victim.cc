// A test program such as users write, linked with netrig::gtest_main: what it does where no sandbox can be had. It
// prints its namespaces when it starts and when it ends.
#include <netrig/base/fault_point.h>
#include <netrig/fixtures/lab_test.h>

#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <string_view>
#include <unistd.h>

namespace {

// dprintf: a supervisor ends without what it holds in buffers.
void tell_namespaces() {
  ::dprintf(STDOUT_FILENO, "\nnamespaces: %s %s\n", std::filesystem::read_symlink("/proc/self/ns/pid").c_str(),
            std::filesystem::read_symlink("/proc/self/ns/net").c_str());
}

struct Teller {
  Teller() { tell_namespaces(); }
  Teller(const Teller&) = delete;
  Teller& operator=(const Teller&) = delete;
  ~Teller() {
    std::fflush(stdout);
    tell_namespaces();
  }
};
const Teller kTeller;

class OfAUser : public netrig::LabTest {};

TEST_F(OfAUser, NeedsASandbox) { std::puts("it has one"); }
TEST_F(OfAUser, DISABLED_FailsPlainly) { EXPECT_EQ(1 + 1, 3); }
// The cut's destructor cannot bring the link up again.
TEST_F(OfAUser, DISABLED_CannotTearDown) {
  netrig::Topology net;
  const auto left = net.host("left"), right = net.host("right");
  net.link(left, right, "10.0.0.0/24, fd00::/64");
  const auto cut = build(net).link("left", "right").down();
  netrig::set_fault_hook([](const char* moment) {
    if (std::string_view{moment} == "restore-link") throw std::runtime_error{"the link resists"};
  });
}
TEST_F(OfAUser, DISABLED_FailsTwice) {
  EXPECT_EQ(1 + 1, 3);
  EXPECT_EQ(2 + 2, 5);
}

}  // namespace
