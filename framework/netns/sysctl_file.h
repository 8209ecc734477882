// Reading and writing one file of /proc/sys. Private to this module.
#pragma once

#include <netrig/base/result.h>

#include <string>
#include <string_view>

namespace netrig::netns {

/// The value in the file `path`, looked up from the folder `directory` (openat(2)): without its last newline, tabs as
/// spaces. The error has a code and a reason alone; the caller says what was tried.
Result<std::string> read_setting(int directory, const char* path);
/// Writes `value` and a newline in one go. Errors likewise.
Result<void> write_setting(int directory, const char* path, std::string_view value);

}  // namespace netrig::netns
