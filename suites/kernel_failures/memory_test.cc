// Memory that runs out at each moment of a lab's life, in whatever thread of the rig: the caller gets one error
// (std::bad_alloc, or a SetupError), nothing is left, and the next lab works. Never does the program end.
//
// NETRIG_THOROUGH=1 tries every moment; otherwise one in some, as many as fit into a CI run.
#include <netrig/fixtures/lab_test.h>
#include <netrig/suites/kernel_failures/everything.h>
#include <netrig/suites/kernel_failures/held.h>
#include <netrig/suites/kernel_failures/scarce_memory.h>

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <execinfo.h>
#include <new>
#include <string>
#include <sys/resource.h>
#include <unistd.h>

namespace netrig::kernel_failures {
namespace {

using traffic::tcp;
using traffic::udp;

constexpr std::int64_t kSamples = 97;

enum class End : std::uint8_t { well, told, wrong };

// A lab's life. False where an answer is not what it is in any other life: nobody may be told a lie.
bool live(const Topology& topology) {
  const Lab lab{topology};
  const Node pc = lab["pc"], outside = lab["outside"];
  const auto web = outside.listen(tcp(80)), echo = outside.listen(udp(53));
  const bool probed =
      pc.probe(outside.address(), tcp(80)).answered() && pc.probe(outside.address(), udp(53)).answered();
  const bool came = web.peers().size() == 1 && echo.peers().size() == 1;
  const bool said = pc.exec({"echo", "hello"}).out == "hello\n";
  return probed && came && said && works(lab);
}

End end_of(const Topology& topology, const Shortage& shortage) {
  const ScarceMemory scarce{shortage};
  try {
    return live(topology) ? End::well : End::wrong;
  } catch (const std::bad_alloc&) {
    return End::told;
  } catch (const SetupError&) {
    return End::told;
  }
}

std::int64_t stride_of(std::int64_t moments) {
  if (const char* thorough = std::getenv("NETRIG_THOROUGH"); thorough != nullptr && *thorough == '1') return 1;
  const auto is_prime = [](std::int64_t n) {
    for (std::int64_t d = 2; d * d <= n; ++d) {
      if (n % d == 0) return false;
    }
    return true;
  };
  auto stride = std::max<std::int64_t>(moments / kSamples, 2);
  while (!is_prime(stride)) ++stride;
  return stride;
}

std::int64_t at_moment = 0;

class MemoryTest : public LabTest {
 protected:
  void SetUp() override {
    LabTest::SetUp();
    if (IsSkipped()) return;
    ASSERT_TRUE(live(topology_));  // what is made at the first use of a process is made
    before_ = held_now();
    std::set_terminate([] {
      ::dprintf(STDERR_FILENO, "std::terminate() at request %lld\n", static_cast<long long>(at_moment));
      void* frames[64];
      ::backtrace_symbols_fd(frames, ::backtrace(frames, 64), STDERR_FILENO);
      std::abort();
    });
  }

  // The moments of a life at which memory is asked for; threads take turns, so it is not always the same number.
  std::int64_t moments() const {
    const ScarceMemory counting;
    EXPECT_TRUE(live(topology_));
    return counting.asked();
  }

  void sweep(std::int64_t count) {
    const auto last = moments();
    const auto stride = stride_of(last);
    std::int64_t told = 0, runs = 0;
    for (at_moment = 1; at_moment <= last; at_moment += stride, ++runs) {
      SCOPED_TRACE(at_moment);
      const auto end = end_of(topology_, {.from = at_moment, .count = count});
      ASSERT_NE(end, End::wrong);
      told += end == End::told ? 1 : 0;
      ASSERT_TRUE(holds_as(before_));
    }
    EXPECT_TRUE(live(topology_));
    EXPECT_GT(told, runs / 2);
    RecordProperty("netrig.moments", std::to_string(last));
    std::printf("%lld requests for memory, %lld refused, %lld told\n", static_cast<long long>(last),
                static_cast<long long>(runs), static_cast<long long>(told));
  }

  const Topology topology_ = everything();
  Held before_;
};

TEST_F(MemoryTest, OneRequestRefusedIsToldAndLeavesNothing) { sweep(1); }

TEST_F(MemoryTest, AllRequestsRefusedFromAMomentOnAreToldAndLeaveNothing) { sweep(kForGood); }

}  // namespace
}  // namespace netrig::kernel_failures
