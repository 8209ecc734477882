// The table names that the rig keeps for itself, and leaves out of every listing that is asked for.
#pragma once

#include <netrig/nft/ruleset.h>

#include <string_view>

namespace netrig::nft {

/// The name of every table of the rig's own, in whatever family: the trace sessions' (trace.h).
inline constexpr std::string_view kReservedTable = "netrig_trace";

/// Whether the table is the rig's own.
inline bool is_reserved(const TableName& table) { return table.name == kReservedTable; }

}  // namespace netrig::nft
