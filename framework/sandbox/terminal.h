// The terminal's foreground, which supervisor and program hand to each other. Private to the module.
#pragma once

#include <sys/types.h>

namespace netrig::sandbox {

/// Standard input, when it is this session's terminal and standard output is the same one; else -1.
/// A pipeline (`test | less`) keeps its terminal: the program never takes it from the caller's group then.
int shared_terminal() noexcept;

/// True when the calling process's group is the terminal's foreground. False for -1.
bool has_foreground(int terminal) noexcept;

/// The same of the process group `group`.
bool is_foreground(int terminal, pid_t group) noexcept;

/// Whether the calling process's session has a terminal, on whatever descriptor: tty(4).
bool has_controlling_terminal() noexcept;

/// Makes `group` the foreground. SIGTTOU must be blocked. Nothing for -1.
void give_foreground(int terminal, pid_t group) noexcept;

}  // namespace netrig::sandbox
