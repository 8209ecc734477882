#include <netrig/process/file_watch.h>

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

#include <linux/openat2.h>

namespace netrig::process {

namespace {

constexpr std::uint32_t kAppearance = IN_CREATE | IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;

// Which event it was does not matter: each is a reason to look again.
void drain(int inotify) {
  std::array<char, 4096> events{};
  while (::read(inotify, events.data(), events.size()) > 0) {
  }
}

}  // namespace

Result<FileWatch> FileWatch::create(int root, std::string path) {
  if (!path.starts_with('/')) {
    return fail(Error::invalid("wait for file \"" + path + "\"", "", "the path must be absolute"));
  }
  UniqueFd inotify{::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)};
  if (!inotify) {
    return fail(Error::from_errno("wait for file \"" + path + "\"", "", errno, "see fs.inotify.max_user_instances"));
  }
  return FileWatch{root, std::move(path), std::move(inotify)};
}

UniqueFd FileWatch::open(const std::string& path) const {
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT;
  return UniqueFd{static_cast<int>(::syscall(SYS_openat2, root_, path.c_str(), &how, sizeof how))};
}

Result<void> FileWatch::watch_deepest() {
  for (auto parent = path_.substr(0, path_.rfind('/'));; parent = parent.substr(0, parent.rfind('/'))) {
    const auto directory = open(parent.empty() ? "/" : parent);
    if (!directory && !parent.empty()) continue;
    const auto link = "/proc/self/fd/" + std::to_string(directory.get());
    if (::inotify_add_watch(inotify_.get(), link.c_str(), kAppearance) >= 0) return {};
    return fail(Error::from_errno("watch for file \"" + path_ + "\"", "", errno));
  }
}

Result<bool> FileWatch::exists() {
  if (open(path_)) return true;
  drain(inotify_.get());
  NETRIG_TRY(watch_deepest());
  return open(path_).valid();  // it may have come before the watch
}

}  // namespace netrig::process
