// How a function gets to run in another network namespace. Users call NetNs::run().
#pragma once

#include <netrig/base/result.h>

#include <exception>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

namespace netrig::netns::detail {

/// Runs `body` on a new thread, all signals blocked, in the network namespace behind `fd` (-1: where the caller is),
/// and waits for its end. The error is that of starting the thread or of setns(2); then `body` has not run. `body` must
/// not throw.
Result<void> run_on_thread(std::optional<int> fd, const std::function<void()>& body);

template <class T>
inline constexpr bool kIsResult = false;
template <class T>
inline constexpr bool kIsResult<Result<T>> = true;

/// What `fn` returns or throws, run as run_on_thread() does.
template <class F>
std::invoke_result_t<F> run_inside(std::optional<int> fd, F fn) {
  using Value = std::invoke_result_t<F>;
  constexpr bool kVoid = std::is_void_v<Value>;
  std::optional<std::conditional_t<kVoid, bool, Value>> value;
  std::exception_ptr thrown;
  auto ran = run_on_thread(fd, [&] {
    try {
      if constexpr (kVoid) {
        fn();
      } else {
        value.emplace(fn());
      }
    } catch (...) {
      thrown = std::current_exception();
    }
  });
  if (!ran) {
    if constexpr (kIsResult<Value>) {
      return fail(std::move(ran).error());
    } else {
      throw SetupError{std::move(ran).error()};
    }
  }
  if (thrown) std::rethrow_exception(thrown);
  // NOLINTNEXTLINE(bugprone-unchecked-optional-access): the thread ran fn() to its end, or has thrown
  if constexpr (!kVoid) return *std::move(value);
}

}  // namespace netrig::netns::detail
