// Named moments in the life of a lab at which a fault test can step in: the seam through which suites/teardown ends a
// program at every step of building, using and letting go of a network.
//
//   fault_point("add-links");   // in the code: one acquire load and a branch that is not taken
//   set_fault_hook(&end_here);  // in a program that is to be ended there
#pragma once

#include <atomic>

namespace netrig {
inline namespace base {

/// Called with the name of each moment as it comes. May end the process, throw, or return.
using FaultHook = void (*)(const char* moment);

namespace detail {
inline constinit std::atomic<FaultHook> fault_hook{nullptr};
}  // namespace detail

/// From now on `hook` hears of every moment, in whichever thread it comes; nullptr: nobody does.
inline void set_fault_hook(FaultHook hook) noexcept { detail::fault_hook.store(hook, std::memory_order_release); }

/// Says that the moment `name` has come: what bears this name is about to be done. Names are the steps that a user
/// would give the work, in kebab case. Throws what the hook throws.
inline void fault_point(const char* name) {
  if (const FaultHook hook = detail::fault_hook.load(std::memory_order_acquire)) [[unlikely]]
    hook(name);
}

}  // namespace base
}  // namespace netrig
