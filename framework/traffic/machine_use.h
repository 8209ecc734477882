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
  /// hypervisor more than a fiftieth, or a CPU was throttled. Times below 200 ms say nothing: the kernel counts in
  /// ticks.
  [[nodiscard]] std::vector<std::string> spoilers() const;
};

}  // namespace netrig::traffic
