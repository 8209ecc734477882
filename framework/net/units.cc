#include <netrig/net/scan.h>
#include <netrig/net/text.h>
#include <netrig/net/units.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <span>

namespace netrig {
inline namespace net {

namespace {

__extension__ using Wide = unsigned __int128;
constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
constexpr std::array<std::string_view, 5> kScales = {"", "k", "m", "g", "t"};

std::uint64_t power_of_1000(std::size_t scale) {
  std::uint64_t factor = 1;
  while (scale-- > 0) factor *= 1000;
  return factor;
}

// The factor that `unit` stands for, if it is one of kScales and then `base`.
std::optional<std::uint64_t> factor_of(std::string_view unit, std::string_view base) {
  std::string lower{unit};
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (!lower.ends_with(base)) return std::nullopt;
  const auto scale = std::ranges::find(kScales, std::string_view{lower}.substr(0, lower.size() - base.size()));
  if (scale == kScales.end()) return std::nullopt;
  return power_of_1000(static_cast<std::size_t>(scale - kScales.begin()));
}

// `whole.fraction` times `factor`; the product must be whole.
scan::Scanned<std::uint64_t> scaled(std::string_view number, std::uint64_t factor) {
  const auto dot = number.find('.');
  const auto whole = scan::decimal(number.substr(0, dot), kMax / factor);
  if (!whole.value) return whole;
  if (dot == std::string_view::npos) return {.value = *whole.value * factor};
  auto fraction = number.substr(dot + 1);
  if (fraction.empty()) return {.reason = "digits are missing after the point"};
  std::uint64_t sum = *whole.value * factor;
  for (; !fraction.empty(); fraction.remove_prefix(1)) {
    if (!scan::is_digit(fraction[0])) return {.reason = "a number has something other than decimal digits"};
    const auto digit = static_cast<std::uint64_t>(fraction[0] - '0');
    if (digit != 0 && factor % 10 != 0) return {.reason = "it is no whole number: write it in a smaller unit"};
    factor /= 10;
    if (digit * factor > kMax - sum) return {.reason = "a number is too great"};
    sum += digit * factor;
  }
  return {.value = sum};
}

struct Words {
  std::string_view what, base, remedy;
};

Result<std::uint64_t> parse_quantity(const Words& words, std::string_view text) {
  const auto end = std::min(text.find_first_not_of("0123456789."), text.size());
  const auto factor = factor_of(text.substr(end), words.base);
  if (!factor) return fail(parse_error(words.what, text, words.remedy));
  const auto value = scaled(text.substr(0, end), *factor);
  if (!value.value) return fail(parse_error(words.what, text, value.reason));
  return *value.value;
}

std::string print_quantity(std::uint64_t value, std::span<const std::string_view> units) {
  std::size_t scale = 0;
  for (; scale + 1 < units.size() && value >= 1000 && value % 1000 == 0; ++scale) value /= 1000;
  return std::to_string(value) + std::string{units[scale]};
}

}  // namespace

Result<Bandwidth> Bandwidth::parse(std::string_view text) {
  constexpr Words kWords{"bandwidth", "bit",
                         "it needs a number and a unit of bit, kbit, mbit, gbit or tbit, as in 100mbit"};
  return Bandwidth{NETRIG_TRY(parse_quantity(kWords, text))};
}

std::string Bandwidth::to_string() const {
  constexpr std::array<std::string_view, 5> kUnits = {"bit", "Kbit", "Mbit", "Gbit", "Tbit"};
  return print_quantity(bits_, kUnits);
}

Result<ByteCount> ByteCount::parse(std::string_view text) {
  constexpr Words kWords{"byte count", "byte",
                         "it needs a number and a unit of byte, kbyte, mbyte, gbyte or tbyte, as in 64kbyte"};
  return ByteCount{NETRIG_TRY(parse_quantity(kWords, text))};
}

std::string ByteCount::to_string() const {
  constexpr std::array<std::string_view, 5> kUnits = {"byte", "kbyte", "mbyte", "gbyte", "tbyte"};
  return print_quantity(bytes_, kUnits);
}

Bandwidth rate(ByteCount bytes, std::chrono::nanoseconds elapsed) {
  if (elapsed.count() <= 0) return Bandwidth::bits_per_second(kMax);
  const Wide bits = Wide{bytes.value()} * 8 * 1'000'000'000 / static_cast<std::uint64_t>(elapsed.count());
  return Bandwidth::bits_per_second(bits > kMax ? kMax : static_cast<std::uint64_t>(bits));
}

std::chrono::nanoseconds transfer_time(ByteCount bytes, Bandwidth bandwidth) {
  constexpr auto kLongest = std::chrono::nanoseconds::max();
  const auto bits = bandwidth.bits_per_second();
  if (bits == 0) return kLongest;
  const Wide nanoseconds = (Wide{bytes.value()} * 8 * 1'000'000'000 + bits - 1) / bits;
  if (nanoseconds > static_cast<Wide>(kLongest.count())) return kLongest;
  return std::chrono::nanoseconds{static_cast<std::int64_t>(nanoseconds)};
}

}  // namespace net
}  // namespace netrig
