// The user namespace that the machine starts with, whose network is the host's.
#pragma once

#include <sys/stat.h>

namespace netrig {
inline namespace base {

/// Whether `user_namespace`, the state of a /proc/PID/ns/user or of a descriptor that NS_GET_USERNS gave (ioctl_ns(2)),
/// is the initial one. Its inode is fixed since Linux 3.8: PROC_USER_INIT_INO in include/linux/proc_ns.h.
constexpr bool is_initial_user_namespace(const struct stat& user_namespace) {
  return user_namespace.st_ino == 0xEFFFFFFDU;
}

}  // namespace base
}  // namespace netrig
