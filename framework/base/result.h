// Error-or-value: the return type of everything whose failure is an answer.
//
//   Result<UniqueFd> open_tun();
//   auto fd = NETRIG_TRY(open_tun());              // in a function that returns a Result: hands the error on
//   UniqueFd fd = value_or_throw(open_tun());      // in set-up code: throws SetupError
#pragma once

#include <netrig/base/error.h>

#include <expected>
#include <utility>

namespace netrig {
inline namespace base {

/// A value of type T, or the Error that says why there is none. Must not be ignored.
template <class T>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using value_type = T;
  using std::expected<T, Error>::expected;
};

/// What to return for an error: `return fail(Error::from_errno("open", path, errno));`
inline std::unexpected<Error> fail(Error error) { return std::unexpected<Error>{std::move(error)}; }

/// The value, or SetupError thrown with the error.
template <class T>
T value_or_throw(Result<T>&& result) {
  if (!result) throw SetupError{std::move(result).error()};
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

}  // namespace base
}  // namespace netrig

/// The value of a Result; on an error, returns that error from the enclosing function (which must return a Result).
/// A GNU statement expression: both compilers that Netrig supports have it.
#define NETRIG_TRY(expression)                                                           \
  ({                                                                                     \
    auto netrig_try_result = (expression);                                               \
    if (!netrig_try_result) return ::netrig::fail(std::move(netrig_try_result).error()); \
    *std::move(netrig_try_result);                                                       \
  })
