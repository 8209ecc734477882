// What a directory holds, when memory may run out: std::filesystem's iterators end the program then (libstdc++ joins
// the paths of entries in functions that are noexcept).
//
//   for (const auto& name : NETRIG_TRY(names_in("/etc"))) ...
#pragma once

#include <netrig/base/result.h>

#include <string>
#include <vector>

namespace netrig {
inline namespace base {

/// The names in `directory` without `.` and `..`, in no order. Errors: those of opendir(3) and readdir(3).
Result<std::vector<std::string>> names_in(const std::string& directory);

}  // namespace base
}  // namespace netrig
