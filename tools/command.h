// What all commands of `netrig` have in common.
#pragma once

namespace netrig::tools {

/// How a command ends: the habits of clig.dev, and 4 for a host that cannot.
inline constexpr int kGood = 0;     ///< all is as it should be
inline constexpr int kMissing = 1;  ///< something required is missing, or has become slower
inline constexpr int kUsage = 2;    ///< the command line is wrong, or a file that it names

}  // namespace netrig::tools
