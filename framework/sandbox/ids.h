// Which user and group ids a sandbox maps, and writing the maps (user_namespaces(7)).
// Private to the module.
#pragma once

#include <netrig/sandbox/channel.h>
#include <netrig/sandbox/marker.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace netrig::sandbox {

/// A range of subordinate ids, as a line of subuid(5) gives it.
struct SubordinateRange {
  std::uint32_t first;
  std::uint32_t count;

  friend bool operator==(const SubordinateRange&, const SubordinateRange&) = default;
};

/// What to write where.
struct IdPlan {
  IdRange wanted = IdRange::single;
  std::string single_uid;  ///< `0 1000 1`: what a process may write for itself
  std::string single_gid;
  std::string full_uid;  ///< for IdRange::full
  std::string full_gid;
  std::optional<SubordinateRange> uids;  ///< for IdRange::subordinate
  std::optional<SubordinateRange> gids;
};

/// For the calling process: every id as root, else with subordinate ids where it has them, else its own.
IdPlan plan_ids();

/// Writes what must be written from outside the new user namespace, that of process `child`. What fails falls back to
/// the single id. Allocates; starts newuidmap(1) and newgidmap(1) for subordinate ids and waits for them.
MapsWritten write_maps_of(pid_t child, const IdPlan& plan);

/// Writes, in the new namespace's first process, what is not written yet. 0 or an errno value. Usable in a bare clone.
int write_single_maps(const IdPlan& plan, const MapsWritten& written) noexcept;

/// The identity map of every id in a uid_map or gid_map file's `text`: `0 0 4294967295` for the host's.
std::string identity_map(std::string_view text);

/// The longest range that `text` (subuid(5)) grants to the user of that name or number.
std::optional<SubordinateRange> subordinate_range(std::string_view text, std::string_view name, std::uint32_t id);

}  // namespace netrig::sandbox
