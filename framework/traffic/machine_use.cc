#include <netrig/traffic/machine_use.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <limits>
#include <sys/resource.h>
#include <unistd.h>

namespace netrig::traffic {

namespace {

using std::chrono::nanoseconds;

constexpr double kOthers = 0.1;   // of one CPU
constexpr double kStolen = 0.02;  // of one CPU

nanoseconds of_ticks(std::uint64_t ticks) {
  static const auto rate = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  return nanoseconds{ticks * (std::nano::den / rate)};
}

nanoseconds of(const timeval& time) {
  return std::chrono::seconds{time.tv_sec} + std::chrono::microseconds{time.tv_usec};
}

nanoseconds used_by(int who) {
  rusage usage{};
  ::getrusage(who, &usage);
  return of(usage.ru_utime) + of(usage.ru_stime);
}

// The first line: user nice system idle iowait irq softirq steal guest guest_nice; guests are in user and nice already.
void read_cpu_times(MachineUse& use) {
  std::ifstream file{"/proc/stat"};
  std::string name;
  std::array<std::uint64_t, 8> ticks{};
  file >> name;
  for (auto& each : ticks) file >> each;
  const auto [user, nice, system, idle, iowait, irq, softirq, steal] = ticks;
  use.busy = of_ticks(user + nice + system);
  use.interrupts = of_ticks(irq + softirq);
  use.stolen = of_ticks(steal);
}

std::uint64_t throttles_of(unsigned cpu) {
  std::ifstream file{fmt::format("/sys/devices/system/cpu/cpu{}/thermal_throttle/core_throttle_count", cpu)};
  std::uint64_t count = 0;
  file >> count;
  return count;
}

}  // namespace

MachineUse MachineUse::now() {
  MachineUse use;
  use.elapsed = std::chrono::steady_clock::now().time_since_epoch();
  read_cpu_times(use);
  use.own = used_by(RUSAGE_SELF) + used_by(RUSAGE_CHILDREN);
  use.cpus = static_cast<unsigned>(::sysconf(_SC_NPROCESSORS_ONLN));
  for (unsigned cpu = 0; cpu < use.cpus; ++cpu) use.throttled += throttles_of(cpu);
  return use;
}

MachineUse MachineUse::since(const MachineUse& before) const {
  MachineUse use = *this;
  use.elapsed -= before.elapsed;
  use.own -= before.own;
  use.throttled -= std::min(throttled, before.throttled);
  if (busy.count() == 0 || before.busy.count() == 0) {  // could not be read one of the two times: nothing is known
    use.busy = use.own;
    use.interrupts = use.stolen = {};
    return use;
  }
  use.busy -= before.busy;
  use.interrupts -= before.interrupts;
  use.stolen -= before.stolen;
  return use;
}

std::vector<std::string> MachineUse::spoilers() const {
  std::vector<std::string> reasons;
  if (elapsed < kTooShortToJudge) return reasons;
  if (const double others = share(busy - own, elapsed); others > kOthers)
    reasons.push_back(
        fmt::format("other programs used {:.1f} of {} CPUs: measure where nothing else runs", others, cpus));
  if (const double lost = share(stolen, elapsed); lost > kStolen)
    reasons.push_back(fmt::format(
        "the hypervisor took {:.2f} of {} CPUs (steal time): measure on a machine of one's own", lost, cpus));
  if (throttled > 0)
    reasons.push_back(
        fmt::format("a CPU was slowed down for its heat {} times: cool it, or fix its frequency", throttled));
  return reasons;
}

}  // namespace netrig::traffic
