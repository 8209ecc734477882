#include <netrig/testing/seed.h>

#include <gtest/gtest.h>

#include <charconv>
#include <cstdlib>
#include <iostream>
#include <string>

namespace netrig {

Result<std::optional<std::uint32_t>> given_seed() {
  if (const auto flag = GTEST_FLAG_GET(random_seed); flag > 0) return static_cast<std::uint32_t>(flag);
  const char* variable = std::getenv("NETRIG_SEED");
  if (variable == nullptr || *variable == '\0') return std::nullopt;
  const std::string_view text{variable};
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc{} && end == text.data() + text.size() && value >= 1 && value <= kMaxSeed) return value;
  return fail(Error::invalid("read NETRIG_SEED", std::string{text}, "give a number from 1 to 99999, or unset it"));
}

bool take_given_seed() {
  const auto given = given_seed();
  if (!given) std::cerr << "netrig: " << given.error() << '\n';
  if (given && *given) GTEST_FLAG_SET(random_seed, static_cast<std::int32_t>(**given));
  return given.has_value();
}

std::uint32_t seed() {
  if (const auto given = given_seed(); given && *given) return **given;
  const auto* test = testing::UnitTest::GetInstance()->current_test_info();
  return seed_of(test == nullptr ? "" : std::string{test->test_suite_name()} + "." + test->name());
}

std::mt19937_64 seeded_generator() { return std::mt19937_64{seed()}; }

}  // namespace netrig
