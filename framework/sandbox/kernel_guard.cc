#include <netrig/sandbox/kernel_guard.h>
#include <netrig/sandbox/raw.h>

#include <cstddef>
#include <cstdint>
#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

namespace netrig::sandbox {
namespace {

constexpr unsigned long kPlain = MS_NOSUID | MS_NODEV | MS_NOEXEC;

bool permits(const char* path, int mode) noexcept { return raw::call(SYS_faccessat, AT_FDCWD, path, mode) == 0; }

// Onto itself, so that it has flags of its own; with what is mounted below, which the kernel lets nobody of fewer
// privileges leave out (has_locked_children() in fs/namespace.c). ENOENT where this kernel does not have it, or no
// longer: modules come and go.
int bind(const char* source, const char* path) noexcept {
  return raw::call(SYS_mount, source, path, nullptr, MS_BIND | MS_REC, nullptr) == 0 ? 0 : errno;
}

int unless_gone(int error) noexcept { return error == ENOENT ? 0 : error; }

int make_read_only(const char* path) noexcept {
  constexpr unsigned long kReadOnly = MS_REMOUNT | MS_BIND | MS_RDONLY | kPlain;
  return raw::call(SYS_mount, nullptr, path, nullptr, kReadOnly, nullptr) == 0 ? 0 : errno;
}

// And what is mounted below it: that needs Linux 5.12, and a filter that knows the call. Else it stays as it is.
int make_all_read_only(const char* path) noexcept {
  mount_attr read_only{};
  read_only.attr_set = MOUNT_ATTR_RDONLY;
  if (raw::call(SYS_mount_setattr, AT_FDCWD, path, AT_RECURSIVE, &read_only, sizeof read_only) == 0) return 0;
  return errno == ENOSYS || errno == EPERM ? make_read_only(path) : errno;
}

int mount_new(const char* type, const char* place) noexcept {
  return raw::call(SYS_mount, type, place, type, kPlain, nullptr) == 0 ? 0 : errno;
}

// In a nested user namespace, the kernel mounts a file system such as these only where one is there already that shows
// all of it (mount_too_revealing() in fs/namespace.c): one that is whole, below a mount that hides it from every path.
int keep_a_whole_one(const char* type, const char* place, const char* hidden) noexcept {
  if (const int error = mount_new("tmpfs", place)) return error;
  if (raw::call(SYS_mkdirat, AT_FDCWD, hidden, 0700) != 0) return errno;
  if (const int error = mount_new(type, hidden)) return error;
  return mount_new(type, place);
}

// The same for the /proc that is there, for only who owns its pid namespace may mount another: below the /run that the
// room is about to get.
int keep_the_old_proc_whole() noexcept {
  constexpr const char* kHidden = "/run/proc";
  if (const int error = mount_new("tmpfs", "/run")) return error;
  if (raw::call(SYS_mkdirat, AT_FDCWD, kHidden, 0700) != 0) return errno;
  return raw::call(SYS_mount, "/proc", kHidden, nullptr, MS_BIND | MS_REC, nullptr) == 0 ? 0 : errno;
}

bool needs_guard() noexcept { return permits("/proc/sys/kernel/panic", W_OK); }

bool same(const char* left, const char* right) noexcept {
  for (; *left != '\0' && *left == *right; ++left) ++right;
  return *left == *right;
}

// What getdents64(2) writes: linux_dirent64 of the kernel's include/linux/dirent.h.
struct Entry {
  std::uint64_t inode;
  std::int64_t next;
  std::uint16_t size;
  unsigned char type;
  char name[1];
};

// A short path: a folder's, and what is added.
class Path {
 public:
  explicit Path(const char* folder) noexcept { add(folder); }
  Path& add(const char* name) noexcept {
    for (; *name != '\0' && used_ + 1 < sizeof text_; ++name) text_[used_++] = *name;
    return *this;
  }
  Path& add_number(int number) noexcept {
    char digits[16] = "";
    char* first = digits + sizeof digits - 1;
    for (*first = '\0'; number > 0 || *first == '\0'; number /= 10) *--first = static_cast<char>('0' + number % 10);
    return add(first);
  }
  [[nodiscard]] const char* text() const noexcept { return text_; }

 private:
  char text_[16 + 256] = "";
  std::size_t used_ = 0;
};

// Settings of the caller's namespaces, held while what is above them is made read-only.
class OwnSettings {
 public:
  explicit OwnSettings(const char* path) noexcept
      : path_{path},
        fd_{static_cast<int>(raw::call(SYS_openat, AT_FDCWD, path, O_PATH | O_CLOEXEC, 0))},
        error_{fd_ < 0 ? errno : 0} {}
  OwnSettings(const OwnSettings&) = delete;
  OwnSettings& operator=(const OwnSettings&) = delete;
  ~OwnSettings() {
    if (fd_ >= 0) raw::close_fd(fd_);
  }

  // As they were.
  [[nodiscard]] int show() const noexcept {
    return unless_gone(fd_ < 0 ? error_ : bind(Path{"/proc/self/fd/"}.add_number(fd_).text(), path_));
  }

 private:
  const char* path_;
  int fd_;
  int error_;
};

// Neither a process, nor a link to one.
bool belongs_to_machine(const Entry& entry) noexcept {
  if (entry.name[0] == '.' || (entry.name[0] >= '0' && entry.name[0] <= '9')) return false;
  return entry.type == DT_REG || entry.type == DT_DIR;
}

int guard_path(const char* path) noexcept {
  if (const int error = bind(path, path)) return unless_gone(error);
  return unless_gone(make_all_read_only(path));
}

int guard_settings() noexcept {
  const OwnSettings net{"/proc/sys/net"};
  const OwnSettings user{"/proc/sys/user"};
  if (const int error = guard_path("/proc/sys")) return error;
  if (const int error = net.show()) return error;
  return user.show();
}

int guard_entry(const Entry& entry) noexcept {
  if (!belongs_to_machine(entry)) return 0;
  if (same(entry.name, "sys")) return guard_settings();
  return guard_path(Path{"/proc/"}.add(entry.name).text());
}

// Whatever this kernel and its modules have in /proc, known here or not.
int make_machine_read_only() noexcept {
  const auto proc = static_cast<int>(raw::call(SYS_openat, AT_FDCWD, "/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0));
  if (proc < 0) return errno;
  alignas(Entry) char entries[4096];
  int error = 0;
  for (long size = 1; error == 0 && size > 0;) {
    size = raw::call(SYS_getdents64, proc, entries, sizeof entries);
    if (size < 0) error = errno;
    for (long at = 0; error == 0 && at < size; at += reinterpret_cast<const Entry*>(entries + at)->size) {
      error = guard_entry(*reinterpret_cast<const Entry*>(entries + at));
    }
  }
  raw::close_fd(proc);
  return error;
}

}  // namespace

int guard_new_proc() noexcept {
  if (!needs_guard()) return 0;
  if (const int error = keep_a_whole_one("proc", "/proc", "/proc/whole")) return error;
  return make_machine_read_only();
}

int guard_old_proc() noexcept {
  if (!needs_guard()) return 0;
  if (const int error = keep_the_old_proc_whole()) return error;
  return make_machine_read_only();
}

int guard_sysfs() noexcept {
  if (!permits("/sys/kernel", W_OK)) return 0;
  constexpr const char* kLinks = "/sys/devices/virtual/net";
  if (const int error = keep_a_whole_one("sysfs", "/sys", "/sys/whole")) return error;
  if (const int error = unless_gone(bind(kLinks, kLinks))) return error;
  return make_read_only("/sys");
}

}  // namespace netrig::sandbox
