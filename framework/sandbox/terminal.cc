#include <netrig/base/unique_fd.h>
#include <netrig/sandbox/terminal.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

namespace netrig::sandbox {

int shared_terminal() noexcept {
  struct stat in{};
  struct stat out{};
  if (::tcgetpgrp(STDIN_FILENO) < 0) return -1;  // no terminal, or not this session's
  if (::fstat(STDIN_FILENO, &in) != 0 || ::fstat(STDOUT_FILENO, &out) != 0) return -1;
  return S_ISCHR(out.st_mode) && in.st_rdev == out.st_rdev ? STDIN_FILENO : -1;
}

bool has_foreground(int terminal) noexcept { return is_foreground(terminal, ::getpgrp()); }

bool is_foreground(int terminal, pid_t group) noexcept { return terminal >= 0 && ::tcgetpgrp(terminal) == group; }

bool has_controlling_terminal() noexcept {
  return UniqueFd{::open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)}.valid();
}

void give_foreground(int terminal, pid_t group) noexcept {
  if (terminal >= 0) ::tcsetpgrp(terminal, group);
}

}  // namespace netrig::sandbox
