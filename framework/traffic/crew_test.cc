// What the two threads of a measurement are told, seen from within them.
#include <netrig/traffic/crew.h>

#include <gtest/gtest.h>

#include <sched.h>

namespace netrig::traffic {
namespace {

// The processors that the calling thread may run on.
cpu_set_t allowed() {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  EXPECT_EQ(::sched_getaffinity(0, sizeof cpus, &cpus), 0);
  return cpus;
}

// The last, which is not where a thread begins by chance if there is more than one.
unsigned last_of(const cpu_set_t& cpus) {
  unsigned last = 0;
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &cpus)) last = cpu;
  }
  return last;
}

TEST(Crew, RunsEachSideOnTheProcessorAskedForAndNoOther) {
  const auto before = allowed();
  const auto cpu = last_of(before);
  RunOptions run;
  run.patience = std::chrono::seconds{60};
  CrewPlan plan;
  plan.what = "measure";
  plan.run = &run;
  plan.progress = [] { return std::uint64_t{0}; };
  plan.stuck = [] { return std::string{"stuck"}; };
  cpu_set_t of_client{}, of_server{};
  int client_on = -1, server_on = -1;
  Crew crew{std::move(plan)};
  const auto look = [](cpu_set_t& seen, int& on) {
    return [&](Reins&) -> Result<void> {
      seen = allowed();
      on = ::sched_getcpu();
      return {};
    };
  };
  const auto done = crew.run({"client", cpu, look(of_client, client_on)}, {"server", {}, look(of_server, server_on)});
  ASSERT_TRUE(done) << done.error();
  EXPECT_EQ(CPU_COUNT(&of_client), 1);
  EXPECT_TRUE(CPU_ISSET(cpu, &of_client));
  EXPECT_EQ(client_on, static_cast<int>(cpu));
  EXPECT_TRUE(CPU_ISSET(static_cast<unsigned>(server_on), &before));
  EXPECT_TRUE(CPU_EQUAL(&of_server, &before)) << "not pinned unless asked";
  const auto after = allowed();
  EXPECT_TRUE(CPU_EQUAL(&after, &before)) << "the caller's own thread stays as it was";
}

}  // namespace
}  // namespace netrig::traffic
