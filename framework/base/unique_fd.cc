#include <netrig/base/unique_fd.h>

#include <cerrno>
#include <unistd.h>

namespace netrig {
inline namespace base {

void UniqueFd::reset(int fd) noexcept {
  const int old = std::exchange(fd_, fd);
  if (old < 0 || old == fd) return;
  const int saved = errno;
  ::close(old);  // never retried: Linux frees the number even on EINTR, see close(2)
  errno = saved;
}

}  // namespace base
}  // namespace netrig
