// Rulesets to measure with, as text and as values.
#pragma once

#include <netrig/nft/ruleset.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace netrig::bench {

/// The port that the firewall lets through, and the one that it drops with the rule of this comment.
inline constexpr std::uint16_t kAllowedPort = 80;
inline constexpr std::uint16_t kBlockedPort = 631;
inline constexpr const char* kBlockedComment = "no printing from here";

/// A router's firewall of sixty rules for both families; those that decide on the two ports come last.
std::string sixty_rules();

/// A chain of `count` rules as `nft -f` reads it; each has an address, a port and a counter.
std::string many_rules(std::size_t count);
/// The same as values.
nft::Ruleset many_rules_as_values(std::size_t count);

/// A firewall whose `count` rules look at an address and a port, and match nothing that the benchmarks send; and the
/// same as one rule that looks it up in a set.
std::string misses(std::size_t count);
std::string misses_as_set(std::size_t count);

}  // namespace netrig::bench
