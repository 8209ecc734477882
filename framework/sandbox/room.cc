#include <netrig/sandbox/kernel_guard.h>
#include <netrig/sandbox/raw.h>
#include <netrig/sandbox/room.h>

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>

namespace netrig::sandbox {
namespace {

constexpr unsigned long kPlainMount = MS_NOSUID | MS_NODEV | MS_NOEXEC;

int mount(const char* source, const char* target, const char* type, unsigned long flags,
          const char* options = nullptr) noexcept {
  return raw::call(SYS_mount, source, target, type, flags, options) == 0 ? 0 : errno;
}

bool same_directory(const char* left, const char* right) noexcept {
  struct stat a;
  struct stat b;
  return raw::call(SYS_newfstatat, AT_FDCWD, left, &a, 0) == 0 &&
         raw::call(SYS_newfstatat, AT_FDCWD, right, &b, 0) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

bool exists(const char* path) noexcept { return raw::call(SYS_faccessat, AT_FDCWD, path, F_OK) == 0; }

}  // namespace

int make_mounts_private() noexcept { return mount("none", "/", nullptr, MS_REC | MS_PRIVATE); }

int mount_open_proc() noexcept { return mount("proc", "/proc", "proc", kPlainMount); }

int mount_proc() noexcept {
  if (const int error = mount_open_proc()) return error;
  return guard_new_proc();
}

int mount_sysfs() noexcept {
  if (mount("sysfs", "/sys", "sysfs", kPlainMount) == 0) return guard_sysfs();
  return mount("sysfs", "/sys", "sysfs", kPlainMount | MS_RDONLY);
}

int mount_run() noexcept {
  if (const int error = mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755")) return error;
  if (raw::call(SYS_mkdirat, AT_FDCWD, "/run/netns", 0755) != 0) return errno;
  if (const int error = mount("/run/netns", "/run/netns", nullptr, MS_BIND)) return error;
  if (const int error = mount("none", "/run/netns", nullptr, MS_SHARED)) return error;
  if (!exists("/var/run") || same_directory("/run", "/var/run")) return 0;
  return mount("/run", "/var/run", nullptr, MS_BIND | MS_REC);
}

int open_sysctl() noexcept {
  const auto fd = raw::call(SYS_openat, AT_FDCWD, "/proc/sys/net/ipv4/ip_forward", O_WRONLY | O_CLOEXEC, 0);
  if (fd < 0) return errno;
  raw::close_fd(static_cast<int>(fd));
  return 0;
}

int enter_own_network() noexcept {
  const auto fd = static_cast<int>(raw::call(SYS_openat, AT_FDCWD, "/proc/self/ns/net", O_RDONLY | O_CLOEXEC, 0));
  if (fd < 0) return errno;
  const int error = raw::call(SYS_setns, fd, CLONE_NEWNET) == 0 ? 0 : errno;
  raw::close_fd(fd);
  return error;
}

int bring_loopback_up() noexcept {
  const auto socket = static_cast<int>(raw::call(SYS_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (socket < 0) return errno;
  ifreq request{};
  request.ifr_name[0] = 'l';
  request.ifr_name[1] = 'o';
  request.ifr_flags = IFF_UP;
  const int error = raw::call(SYS_ioctl, socket, SIOCSIFFLAGS, &request) == 0 ? 0 : errno;
  raw::close_fd(socket);
  return error;
}

}  // namespace netrig::sandbox
