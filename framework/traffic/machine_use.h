// What else the machine did while something was measured: what spoils a measurement, said beside it.
//
//   const MachineUse before = MachineUse::now();
//   ... measure ...
//   for (const auto& reason : MachineUse::now().since(before).spoilers()) ...   // "other programs used 0.8 of 2 CPUs"
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace netrig::traffic {

/// Below it a run says nothing of what spoiled it: the kernel counts in ticks.
inline constexpr std::chrono::milliseconds kTooShortToJudge{200};

/// `part` of `whole`, 0 to 1; 0 of nothing.
constexpr double share(std::chrono::nanoseconds part, std::chrono::nanoseconds whole) {
  return whole.count() <= 0 ? 0 : static_cast<double>(part.count()) / static_cast<double>(whole.count());
}

/// Processor time, as the kernel has counted it: since boot in now(), in between in since(). What cannot be read on
/// this host counts as nothing.
struct MachineUse {
  std::chrono::nanoseconds elapsed{};  ///< of the monotonic clock
  std::chrono::nanoseconds busy{};     ///< of all CPUs in programs and the kernel on their behalf; interrupts excluded
  std::chrono::nanoseconds interrupts{};  ///< of all CPUs in interrupts, where forwarding and receiving happen
  std::chrono::nanoseconds stolen{};      ///< by the hypervisor, while a CPU had work (`steal` of proc_stat(5))
  std::chrono::nanoseconds own{};         ///< of this process, its threads and the children it has reaped
  std::uint64_t throttled = 0;  ///< times that a CPU was slowed down for its heat, where the kernel counts them
  unsigned cpus = 0;

  static MachineUse now();
  [[nodiscard]] MachineUse since(const MachineUse& before) const;

  /// One sentence a reason to distrust what was measured meanwhile: other programs took more than a tenth of a CPU, the
  /// hypervisor more than a fiftieth, or a CPU was throttled. None of a time below kTooShortToJudge.
  [[nodiscard]] std::vector<std::string> spoilers() const;
};

}  // namespace netrig::traffic
