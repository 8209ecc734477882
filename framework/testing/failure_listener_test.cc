#include <netrig/testing/failure_listener.h>
#include <netrig/testing/rerun.h>

#include <gtest/gtest.h>

#include <cerrno>
#include <sstream>
#include <string>
#include <vector>

namespace netrig {
namespace {

// Plays the events of this test to a listener of its own.
class FailureListenerTest : public testing::Test {
 protected:
  [[nodiscard]] const testing::TestInfo& self() const { return *testing::UnitTest::GetInstance()->current_test_info(); }
  std::ostringstream out_;
  FailureListener listener_{out_};
};

TEST_F(FailureListenerTest, SaysNothingAfterATestThatPassed) {
  listener_.OnTestStart(self());
  listener_.OnTestEnd(self());
  EXPECT_EQ(out_.str(), "");
}

// Neighbour tables that are what the test says, and a failure.
class FailureWithTables : public FailureListenerTest {
 protected:
  std::string what_is_said_of(const FullTables::Tables& before, const FullTables::Tables& after) {
    auto now = before;
    FailureListener listener{out_, FullTables{[&] { return now; }}};
    listener.OnTestStart(self());
    now = after;
    listener.tell_failure();
    return out_.str();
  }
  static FullTables::Tables arp_full(std::uint64_t times) {
    return std::vector{netlink::NeighbourTable{
        .family = AddressFamily::ipv4, .name = "arp_cache", .entries = 3, .limit = 1024, .full = times}};
  }
  static FullTables::Tables refused() { return fail(Error::from_errno("list neighbour tables", "", EPERM)); }
  // The line that a failure ends with, tables or not.
  static std::string again() { return again_line().substr(1) + '\n'; }
};

TEST_F(FailureWithTables, NamesTheTableThatWasFullMeanwhileBeforeTheCommand) {
  EXPECT_EQ(what_is_said_of(arp_full(70), arp_full(73)),
            "    note: the machine's neighbour table arp_cache (1024 entries at most, for all namespaces) was full 3 "
            "times meanwhile, and as many packets were lost, of this test or others: run fewer tests side by side, or "
            "sudo sysctl -w net.ipv4.neigh.default.gc_thresh3=16384 [netrig doctor: limit-neighbours]\n" +
                again());
}

TEST_F(FailureWithTables, SaysNothingOfATableThatWasFullBefore) {
  EXPECT_EQ(what_is_said_of(arp_full(70), arp_full(70)), again());
}

TEST_F(FailureWithTables, SaysNothingWhereTheKernelRefusesToTell) {
  EXPECT_EQ(what_is_said_of(arp_full(70), refused()), again());
}

TEST_F(FailureWithTables, SaysNothingWhereOnlyTheEndIsKnown) {
  EXPECT_EQ(what_is_said_of(refused(), arp_full(70)), again());
}

}  // namespace
}  // namespace netrig
