#include <netrig/sandbox/marker.h>
#include <netrig/sandbox/raw.h>

#include <array>
#include <charconv>
#include <fcntl.h>
#include <sys/stat.h>

namespace netrig::sandbox {
namespace {

char* put_number(char* at, std::uint64_t number) noexcept {
  char digits[20];
  std::size_t count = 0;
  do {
    digits[count++] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  while (count > 0) *at++ = digits[--count];
  return at;
}

}  // namespace

void format_marker(const Marker& marker, char* buffer) noexcept {
  char* at = buffer;
  for (const char letter : kMarkerName) *at++ = letter;
  // The descriptor is stored plus one, so that every number is positive.
  const std::uint64_t numbers[] = {marker.pid_namespace,
                                   marker.net_namespace,
                                   static_cast<std::uint64_t>(marker.mode),
                                   static_cast<std::uint64_t>(marker.ids),
                                   static_cast<std::uint64_t>(marker.spaces + 1),
                                   static_cast<std::uint64_t>(marker.processes.source),
                                   marker.processes.most};
  char separator = '=';
  for (const std::uint64_t number : numbers) {
    *at++ = separator;
    at = put_number(at, number);
    separator = ' ';
  }
  *at = '\0';
}

std::optional<Marker> parse_marker(std::string_view value) {
  std::array<std::uint64_t, 7> numbers{};
  const char* at = value.data();
  const char* const end = at + value.size();
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (i > 0 && (at == end || *at++ != ' ')) return std::nullopt;
    const auto [next, error] = std::from_chars(at, end, numbers[i]);
    if (error != std::errc{}) return std::nullopt;
    at = next;
  }
  const auto [pid, net, mode, ids, spaces, source, most] = numbers;
  if (at != end || mode > static_cast<std::uint64_t>(Mode::in_place) ||
      ids > static_cast<std::uint64_t>(IdRange::helper_refused) || spaces > 1U << 30 ||
      source > static_cast<std::uint64_t>(ProcessLimit::Source::user_limit) || most > kGreatestProcessLimit) {
    return std::nullopt;
  }
  return Marker{pid,
                net,
                static_cast<Mode>(mode),
                static_cast<IdRange>(ids),
                static_cast<int>(spaces) - 1,
                {static_cast<ProcessLimit::Source>(source), static_cast<std::uint32_t>(most)}};
}

std::uint64_t namespace_inode(const char* path) noexcept {
  struct stat info;
  return raw::call(SYS_newfstatat, AT_FDCWD, path, &info, 0) == 0 ? info.st_ino : 0;
}

}  // namespace netrig::sandbox
