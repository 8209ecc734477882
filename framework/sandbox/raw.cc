#include <netrig/sandbox/raw.h>

#include <climits>
#include <fcntl.h>

namespace netrig::sandbox::raw {
namespace {

void close_range(unsigned first, unsigned last) noexcept {
  if (first > last || call(SYS_close_range, first, last, 0U) == 0) return;
  // Before Linux 5.9, or a filter that does not know the call: one by one, as far as a process normally goes.
  constexpr unsigned kEnough = 65536;
  for (unsigned fd = first; fd <= last && fd < kEnough; ++fd) close_fd(static_cast<int>(fd));
}

}  // namespace

void close_all_except(const int* kept, std::size_t count) noexcept {
  unsigned first = 0;
  for (;;) {
    unsigned next = UINT_MAX;  // the lowest kept descriptor from `first` on
    for (std::size_t i = 0; i < count; ++i) {
      const auto fd = static_cast<unsigned>(kept[i]);
      if (kept[i] >= 0 && fd >= first && fd < next) next = fd;
    }
    if (next == UINT_MAX) return close_range(first, UINT_MAX);
    if (next > first) close_range(first, next - 1);
    first = next + 1;
  }
}

int write_file(const char* path, const char* text, std::size_t size) noexcept {
  const auto fd = static_cast<int>(call(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0));
  if (fd < 0) return errno;
  const int error = call(SYS_write, fd, text, size) == static_cast<long>(size) ? 0 : errno;
  close_fd(fd);
  return error;
}

}  // namespace netrig::sandbox::raw
