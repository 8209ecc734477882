// What the init leaves in the environment of the program it starts: where the inside is.
// Private to the module. Formatting is usable in a bare clone (see raw.h).
#pragma once

#include <netrig/sandbox/process_limit.h>
#include <netrig/sandbox/sandbox.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace netrig::sandbox {

/// Which ids are mapped inside.
enum class IdRange : std::uint8_t {
  single,          ///< the caller's own, as 0
  full,            ///< every id the caller's user namespace has, unchanged
  subordinate,     ///< the caller's own as 0, and its subordinate ids from 1 on
  full_refused,    ///< single, because the kernel refused the full range
  helper_refused,  ///< single, because newuidmap or newgidmap failed
};

/// The value of the environment variable NETRIG_INSIDE. Namespaces are told by the inode numbers of /proc/self/ns, so
/// that a program that inherited the variable but runs elsewhere (in a node of a lab) knows that it is not meant.
struct Marker {
  std::uint64_t pid_namespace = 0;
  std::uint64_t net_namespace = 0;
  Mode mode = Mode::outside;
  IdRange ids = IdRange::single;
  int spaces = -1;  ///< the descriptor on which the init takes requests for program spaces; -1: none
  ProcessLimit processes = {};

  friend bool operator==(const Marker&, const Marker&) = default;
};

inline constexpr std::string_view kMarkerName = "NETRIG_INSIDE";
/// Enough for `NETRIG_INSIDE=` and the longest value, with the terminating zero.
inline constexpr std::size_t kMarkerSize = 96;

/// Writes `NETRIG_INSIDE=VALUE` and a zero to `buffer`, of kMarkerSize bytes.
void format_marker(const Marker& marker, char* buffer) noexcept;
/// Of the value alone. Nothing for a malformed one.
std::optional<Marker> parse_marker(std::string_view value);

/// The inode number of a namespace of the calling thread: `/proc/self/ns/pid`, `/proc/thread-self/ns/net`. 0 if
/// unknown.
std::uint64_t namespace_inode(const char* path) noexcept;

}  // namespace netrig::sandbox
