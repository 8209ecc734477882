// The table names that the rig keeps for itself, and leaves out of every listing that is asked for.
#pragma once

#include <netrig/nft/ruleset.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace netrig::nft {

/// The name of the trace sessions' tables (trace.h), in whatever family.
inline constexpr std::string_view kReservedTable = "netrig_trace";
/// The name of the coverage recorders' tables (coverage_recorder.h).
inline constexpr std::string_view kCoverageTable = "netrig_coverage";
/// The names of all tables of the rig's own.
inline constexpr std::array kReservedTables{kReservedTable, kCoverageTable};

/// Whether the table is the rig's own.
inline bool is_reserved(const TableName& table) {
  return std::ranges::find(kReservedTables, table.name) != kReservedTables.end();
}

}  // namespace netrig::nft
