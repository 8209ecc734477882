// Which rules the whole program has exercised, in all labs that recorded it.
//
//   NETRIG_COVERAGE=/tmp/rules.json ctest        # every lab of every program records, and adds to that file
//   for (const nft::Coverage& rules : program_coverage()) std::cout << rules;
//
// Rulesets of the same rules count together, wherever they were loaded (nft/coverage.h).
#pragma once

#include <netrig/base/result.h>
#include <netrig/nft/coverage.h>

#include <filesystem>
#include <vector>

namespace netrig {
inline namespace topology {

/// What was recorded in labs that have ended, and of rulesets that were changed since. From any thread.
std::vector<nft::Coverage> program_coverage();
/// Adds to it. Labs do so themselves.
void add_to_program_coverage(const nft::Coverage& more);
/// Merges into the file what no call has written yet; see nft::merge_into_file(). Where NETRIG_COVERAGE names a file,
/// labs call this when they end.
Result<void> save_program_coverage(const std::filesystem::path& file);

}  // namespace topology
}  // namespace netrig
