// System calls for the processes that start as a bare clone of a program: the init and the init of a program space.
// Private to the module.
//
// Such a process is a copy of a program that may be built with a sanitizer or hold locks in threads that the copy does
// not have. So the code that runs there allocates nothing, calls nothing that libc or a sanitizer wraps, and is
// compiled without instrumentation (see CMakeLists.txt).
#pragma once

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

namespace netrig::sandbox::raw {

/// syscall(2): -1 and errno on a failure.
template <class... Arguments>
long call(long number, Arguments... arguments) noexcept {
  return ::syscall(number, arguments...);
}

/// The kernel's signal set: one bit a signal, signal 1 first (glibc's own is wider, and its calls leave out two
/// signals).
using SignalSet = std::uint64_t;
constexpr SignalSet kAllSignals = ~SignalSet{0};
constexpr SignalSet bit_of(int signal) noexcept { return SignalSet{1} << static_cast<unsigned>(signal - 1); }

/// The calling thread's mask becomes `mask`; what it was is returned.
inline SignalSet set_mask(SignalSet mask) noexcept {
  SignalSet old = 0;
  call(SYS_rt_sigprocmask, SIG_SETMASK, &mask, &old, sizeof mask);
  return old;
}

/// SIG_DFL or SIG_IGN for `signal`; unlike glibc, for any of the 64.
inline void set_action(int signal, void (*action)(int)) noexcept {
  struct {
    void (*handler)(int);
    unsigned long flags;
    void (*restorer)();
    SignalSet mask;
  } const kernel_action{action, 0, nullptr, 0};
  call(SYS_rt_sigaction, signal, &kernel_action, nullptr, sizeof(SignalSet));
}

inline int signal_fd(SignalSet mask, int flags) noexcept {
  return static_cast<int>(call(SYS_signalfd4, -1, &mask, sizeof mask, flags));
}

/// fork(2) without libc's part in it, with the CLONE_NEW* and CLONE_PIDFD `flags` of clone(2).
/// `exit_signal` 0: the child shows only to waits that ask for it by __WALL.
inline pid_t clone_process(unsigned long flags, int exit_signal, int* pidfd) noexcept {
  const auto all = flags | static_cast<unsigned long>(exit_signal);
  return static_cast<pid_t>(call(SYS_clone, all, nullptr, pidfd, nullptr, 0UL));
}

[[noreturn]] inline void exit_now(int status) noexcept {
  for (;;) call(SYS_exit_group, status);
}

inline void close_fd(int fd) noexcept { call(SYS_close, fd); }

/// Closes every descriptor but `kept` (in any order).
void close_all_except(const int* kept, std::size_t count) noexcept;

/// Writes `size` bytes of `text` to the file `path` in one write(2). 0 or an errno value.
int write_file(const char* path, const char* text, std::size_t size) noexcept;

}  // namespace netrig::sandbox::raw
