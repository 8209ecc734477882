// A stretch in which the calling thread takes no signal. Threads and processes started in it inherit that.
#pragma once

#include <csignal>
#include <pthread.h>

namespace netrig {
inline namespace base {

/// Blocks every signal for the calling thread until the end of the scope.
class SignalMask {
 public:
  SignalMask() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  SignalMask(const SignalMask&) = delete;
  SignalMask& operator=(const SignalMask&) = delete;
  ~SignalMask() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}  // namespace base
}  // namespace netrig
