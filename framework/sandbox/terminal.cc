#include <netrig/sandbox/terminal.h>

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

bool has_foreground(int terminal) noexcept { return terminal >= 0 && ::tcgetpgrp(terminal) == ::getpgrp(); }

void give_foreground(int terminal, pid_t group) noexcept {
  if (terminal >= 0) ::tcsetpgrp(terminal, group);
}

}  // namespace netrig::sandbox
