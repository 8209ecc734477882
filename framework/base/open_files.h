// The limit of open files, made as large as a lab needs: two descriptors a node are more than 1024 soon.
//
//   NETRIG_TRY(make_room_for_files(2 * nodes));
#pragma once

#include <netrig/base/result.h>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace netrig {
inline namespace base {

/// Makes sure that this process can open `count` files more: raises its soft limit (getrlimit(2), RLIMIT_NOFILE) where
/// that is too low, with room to spare, and never beyond the hard limit. EMFILE when that is too low as well, with how
/// to raise it.
Result<void> make_room_for_files(std::size_t count);

/// From here on (or not any more) the limit stays as it is, and nobody asks for room: for tests of the limit itself.
void keep_file_limit(bool keeps);

/// The soft limit that this process had before the first raise; none if there was none. Programs are to start with it:
/// some rely on the usual 1024 (select(2)), some close every descriptor below the limit.
std::optional<std::uint64_t> files_before_raise();

}  // namespace base
}  // namespace netrig
