#include <netrig/sandbox/kernel_guard.h>
#include <netrig/sandbox/raw.h>

#include <fcntl.h>
#include <sys/mount.h>
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

// Entries of proc(5) by which the owner of the machine changes it.
constexpr const char* kMachine[] = {
    "/proc/acpi", "/proc/asound", "/proc/bus",  "/proc/driver", "/proc/fs",
    "/proc/irq",  "/proc/mtrr",   "/proc/scsi", "/proc/sys",    "/proc/sysrq-trigger",
};
constexpr const char* kOwnSettings[] = {"/proc/sys/net", "/proc/sys/user"};

bool needs_guard() noexcept { return permits("/proc/sys/kernel/panic", W_OK); }

int make_machine_read_only() noexcept {
  for (const char* path : kMachine) {
    if (const int error = bind(path)) return error;
  }
  for (const char* path : kOwnSettings) {
    if (const int error = bind(path)) return error;  // upon the last of the binds above
  }
  for (const char* path : kMachine) {
    if (const int error = make_read_only(path)) return error;
  }
  return 0;
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
