#include <netrig/net/ipv6_address.h>
#include <netrig/net/scan.h>
#include <netrig/net/text.h>

namespace netrig {
inline namespace net {

namespace {

constexpr std::size_t kGroups = 8;
using Groups = std::array<std::uint16_t, kGroups>;

// Groups from `first`, before `end`.
struct Run {
  std::size_t first = 0;
  std::size_t end = 0;
  [[nodiscard]] std::size_t size() const { return end - first; }
};

Groups groups_of(const Ipv6Address::Bytes& bytes) {
  Groups groups{};
  for (std::size_t i = 0; i < kGroups; ++i)
    groups[i] = static_cast<std::uint16_t>(bytes[2 * i] << 8 | bytes[2 * i + 1]);
  return groups;
}

// What `::` stands for: the longest run of zeros, of the longest the first, and no single one (RFC 5952 section 4.2).
Run longest_zeros(const Groups& groups) {
  Run best;
  for (std::size_t i = 0; i < kGroups; ++i) {
    Run run{i, i};
    while (run.end < kGroups && groups[run.end] == 0) ++run.end;
    if (run.size() > best.size()) best = run;
  }
  return best.size() >= 2 ? best : Run{kGroups, kGroups};
}

// ::10.0.0.1 and ::ffff:10.0.0.1 (RFC 5952 section 5), as inet_ntop(3) decides it.
bool ends_as_ipv4(const Groups& groups, const Run& zeros) {
  return zeros.first == 0 && (zeros.size() == 6 || (zeros.size() == 5 && groups[5] == 0xffff));
}

void append_hex(std::string& text, std::uint16_t group) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  bool started = false;
  for (int shift = 12; shift >= 0; shift -= 4) {
    const auto digit = group >> shift & 15U;
    started = started || digit != 0 || shift == 0;
    if (started) text += kDigits[digit];
  }
}

}  // namespace

Result<Ipv6Address> Ipv6Address::parse(std::string_view text) {
  const auto scanned = scan::ipv6(text);
  if (!scanned.value) return fail(parse_error("IPv6 address", text, scanned.reason));
  return *scanned.value;
}

std::string Ipv6Address::to_string() const {
  const auto groups = groups_of(bytes_);
  const auto zeros = longest_zeros(groups);
  const bool mixed = ends_as_ipv4(groups, zeros);
  std::string text;
  for (std::size_t i = 0; i < (mixed ? kGroups - 2 : kGroups); ++i) {
    if (i == zeros.first) text += "::";
    if (i >= zeros.first && i < zeros.end) continue;
    if (!text.empty() && !text.ends_with(':')) text += ':';
    append_hex(text, groups[i]);
  }
  if (!mixed) return text;
  if (!text.ends_with(':')) text += ':';
  return text + Ipv4Address{bytes_[12], bytes_[13], bytes_[14], bytes_[15]}.to_string();
}

}  // namespace net
}  // namespace netrig
