#include <netrig/base/directory.h>
#include <netrig/base/open_files.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <string>
#include <sys/resource.h>
#include <sys/stat.h>

namespace netrig {
inline namespace base {

namespace {

// For what nobody counts beforehand: sockets of probes, pipes, the program's own files.
constexpr std::uint64_t kSpare = 256;

std::atomic<bool> is_kept{false};
// 0: not raised yet.
std::atomic<std::uint64_t> before_raise{0};

Error too_many(std::size_t count, const rlimit& limit) {
  return Error::from_errno("make room for " + std::to_string(count) + " more open files", "", EMFILE,
                           "this process may have " + std::to_string(limit.rlim_cur) + " open, and no more than " +
                               std::to_string(limit.rlim_max) +
                               " (the hard limit): raise that with `ulimit -Hn` as root, LimitNOFILE= of systemd or "
                               "`docker run --ulimit nofile=`, or use fewer nodes at a time");
}

// How many are open: the kernel gives out the lowest number that is free, so that a number says nothing of how many
// are. Linux 6.2 and later have it as the directory's size, which costs nothing (proc_pid_fd(5)). Where nothing can be
// opened to count with, every one is in use.
std::uint64_t count_open(const rlimit& limit) {
  constexpr const char* kFiles = "/proc/self/fd";
  struct stat known{};
  if (::stat(kFiles, &known) == 0 && known.st_size > 0) return static_cast<std::uint64_t>(known.st_size);
  const auto names = names_in(kFiles);
  return names ? names->size() : limit.rlim_cur;
}

}  // namespace

Result<void> make_room_for_files(std::size_t count) {
  static std::mutex one_at_a_time;
  if (is_kept) return {};
  const std::scoped_lock lock{one_at_a_time};
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return fail(Error::from_errno("read the limit of open files", "", errno));
  const auto used = count_open(limit);
  if (used + count + kSpare <= limit.rlim_cur) return {};
  const auto old = limit.rlim_cur;
  limit.rlim_cur = std::min<std::uint64_t>(std::max(used + count + kSpare, 2 * old), limit.rlim_max);
  if (limit.rlim_cur > old) {
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) {
      return fail(Error::from_errno("raise the limit of open files to " + std::to_string(limit.rlim_cur), "", errno));
    }
    std::uint64_t none = 0;
    before_raise.compare_exchange_strong(none, old);
  }
  if (used + count > limit.rlim_cur) return fail(too_many(count, limit));
  return {};
}

void keep_file_limit(bool keeps) { is_kept = keeps; }

std::optional<std::uint64_t> files_before_raise() {
  const auto before = before_raise.load();
  return before == 0 ? std::nullopt : std::optional{before};
}

}  // namespace base
}  // namespace netrig
