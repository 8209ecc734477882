#include <netrig/sandbox/kernel_guard.h>
#include <netrig/sandbox/raw.h>

#include <cstddef>
#include <cstdint>
#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

namespace netrig::sandbox {
namespace {

constexpr unsigned long kPlain = MS_NOSUID | MS_NODEV | MS_NOEXEC;

bool permits(const char* path, int mode) noexcept { return raw::call(SYS_faccessat, AT_FDCWD, path, mode) == 0; }

// Onto itself, so that it has flags of its own. What this kernel does not have needs no guard.
int bind(const char* path) noexcept {
  if (!permits(path, F_OK)) return 0;
  return raw::call(SYS_mount, path, path, nullptr, MS_BIND, nullptr) == 0 ? 0 : errno;
}

int make_read_only(const char* path) noexcept {
  if (!permits(path, F_OK)) return 0;
  constexpr unsigned long kReadOnly = MS_REMOUNT | MS_BIND | MS_RDONLY | kPlain;
  return raw::call(SYS_mount, nullptr, path, nullptr, kReadOnly, nullptr) == 0 ? 0 : errno;
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

constexpr const char* kOwnSettings[] = {"/proc/sys/net", "/proc/sys/user"};

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

// A path in /proc: names there are short.
class ProcPath {
 public:
  explicit ProcPath(const char* name) noexcept {
    for (; *name != '\0' && used_ + 1 < sizeof text_; ++name) text_[used_++] = *name;
  }
  [[nodiscard]] const char* text() const noexcept { return text_; }

 private:
  char text_[6 + 256] = "/proc/";
  std::size_t used_ = 6;
};

// Neither a process, nor a link to one, nor a file that nobody can write: that is most of them.
bool belongs_to_machine(const Entry& entry, const char* path) noexcept {
  if (entry.name[0] == '.' || (entry.name[0] >= '0' && entry.name[0] <= '9')) return false;
  if (entry.type != DT_REG) return entry.type == DT_DIR;
  struct stat file;
  return raw::call(SYS_newfstatat, AT_FDCWD, path, &file, 0) == 0 && (file.st_mode & 0222U) != 0;
}

int guard_entry(const Entry& entry) noexcept {
  const ProcPath path{entry.name};
  if (!belongs_to_machine(entry, path.text())) return 0;
  if (const int error = bind(path.text())) return error;
  if (same(path.text(), "/proc/sys")) {
    for (const char* own : kOwnSettings) {  // upon the bind above, and while it is writable still
      if (const int error = bind(own)) return error;
    }
  }
  return make_read_only(path.text());
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
  if (const int error = keep_a_whole_one("sysfs", "/sys", "/sys/whole")) return error;
  if (const int error = bind("/sys/devices/virtual/net")) return error;
  return make_read_only("/sys");
}

}  // namespace netrig::sandbox
