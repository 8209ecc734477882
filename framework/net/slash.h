// ADDRESS/LENGTH, which prefixes and interface addresses are written as. Private to this module.
#pragma once

#include <netrig/base/result.h>

#include <string_view>

namespace netrig {
inline namespace net {

/// The two sides of the slash of a text.
struct Slashed {
  std::string_view address;
  unsigned length = 0;
};

/// `what` and `text` are for the error: no slash, or no length up to `max` behind it.
Result<Slashed> split_at_slash(std::string_view what, std::string_view text, unsigned max);

}  // namespace net
}  // namespace netrig
