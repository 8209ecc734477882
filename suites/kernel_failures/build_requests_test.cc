// Each netlink request of building a lab fares badly: the lab is not built and says why, nothing is left, and the next
// one works.
#include <netrig/fixtures/lab_test.h>
#include <netrig/suites/kernel_failures/everything.h>
#include <netrig/suites/kernel_failures/held.h>
#include <netrig/suites/kernel_failures/sweep.h>

namespace netrig::kernel_failures {
namespace {

using namespace std::chrono_literals;

class BuildRequestsTest : public LabTest {
 protected:
  void SetUp() override {
    LabTest::SetUp();
    if (IsSkipped()) return;
    ASSERT_TRUE(can_be_had(topology_));  // what is opened at the first use of a process is open
    {
      const NetlinkFaults counting;
      const Lab lab{topology_};
      requests_ = counting.seen().size();
    }
    ASSERT_GT(requests_, 40U);
    before_ = held_now();
  }

  // How often the list of routes is asked for depends on a kernel worker: the last requests may be others than those
  // that were counted, or may not be needed.
  void try_to_build_with(const Fault& fault) {
    SCOPED_TRACE(to_string(fault));
    const NetlinkFaults faults{fault};
    const auto lab = Lab::build(topology_);
    ++runs_;
    if (!faults.struck() || is_harmless(fault) || is_tolerated(faults.seen().at(fault.request - 1), fault)) {
      EXPECT_TRUE(lab) << lab.error();
    } else {
      ASSERT_FALSE(lab) << "was built";
      EXPECT_TRUE(tells_of(lab.error(), faults.seen().at(fault.request - 1), fault, nodes_));
    }
  }

  // The kernel's own count of what is alive (the sandbox's, the nodes', and that of the lab's programs): one more than
  // there may be, and the last lab could never be built. A worker of the kernel takes its time to release what the
  // sweep has used.
  void nothing_is_left() {
    EXPECT_TRUE(holds_as(before_));
    const NamespaceLimit exact{"net", 2 + kNodes};
    EXPECT_TRUE(eventually(60s, [&] { return can_be_had(topology_); }));
  }

  const Topology topology_ = everything();
  const std::vector<std::string> nodes_ = names_of_nodes(topology_);
  std::size_t requests_ = 0;
  int runs_ = 0;
  Held before_;
};

TEST_F(BuildRequestsTest, EachThatFailsIsToldAndLeavesNothing) {
  for (std::size_t number = 1; number <= requests_ && !HasFailure(); ++number) {
    for (const auto& fault : faults_for(number)) try_to_build_with(fault);
    if (number % 4 != 0) continue;
    ASSERT_TRUE(can_be_had(topology_)) << "after request " << number;
  }
  nothing_is_left();
  RecordProperty("netrig.runs", runs_);
}

TEST_F(BuildRequestsTest, OnesThatAreInterruptedAreAskedAgain) {
  for (std::size_t number = 1; number <= requests_ && !HasFailure(); ++number) {
    for (const auto& fault : harmless_faults_for(number)) try_to_build_with(fault);
  }
  nothing_is_left();
  RecordProperty("netrig.runs", runs_);
}

}  // namespace
}  // namespace netrig::kernel_failures
