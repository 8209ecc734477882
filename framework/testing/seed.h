// One seed a test, for whatever is random in it: the same today and tomorrow, here and elsewhere, in any order of
// tests.
//
//   TEST_F(Office, SurvivesPacketsOfAnySize) {
//     auto random = seeded_generator();                      // std::mt19937_64
//     const auto size = std::uniform_int_distribution{0, 1472}(random);
//
// In this order: `--gtest_random_seed=N` (or GTEST_RANDOM_SEED), the environment variable NETRIG_SEED, or a number that
// follows from the test's name. A failure prints it, with the command that repeats the test with it.
#pragma once

#include <netrig/base/result.h>

#include <cstdint>
#include <optional>
#include <random>
#include <string_view>

namespace netrig {

/// What --gtest_random_seed takes: 1 to 99999.
inline constexpr std::uint32_t kMaxSeed = 99999;

/// The running test's seed, 1 to kMaxSeed. Outside a test: as for a test without a name.
std::uint32_t seed();

/// A generator that starts from it.
std::mt19937_64 seeded_generator();

/// The seed that was given, by flag or variable; nothing when it follows from the name. An error quotes a NETRIG_SEED
/// that is no number from 1 to kMaxSeed.
Result<std::optional<std::uint32_t>> given_seed();

/// Makes the order of a shuffled run follow from the seed that was given. False, and a message on standard error, for a
/// NETRIG_SEED that is none.
bool take_given_seed();

/// The seed of the test of this full name, `Suite.Test`, where none is given: FNV-1a, 32 bits, brought into the range.
constexpr std::uint32_t seed_of(std::string_view name) {
  std::uint32_t hash = 2166136261U;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash % kMaxSeed + 1;
}

}  // namespace netrig
