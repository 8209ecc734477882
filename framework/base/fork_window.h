// Between fork and exec a child holds a copy of every descriptor of this process, close-on-exec or not: a port that one
// thread has closed stays taken while another thread starts a program.
//
//   ForkWindow window;                   // who forks: until the child has executed its program
//   socket.reset(); await_copies();      // who closes: the port is free when this returns
#pragma once

#include <cstdint>

namespace netrig {
inline namespace base {

/// Open from before a fork until its child has executed a program, or has ended.
class ForkWindow {
 public:
  ForkWindow();
  ForkWindow(const ForkWindow&) = delete;
  ForkWindow& operator=(const ForkWindow&) = delete;
  ~ForkWindow();

 private:
  std::uint64_t number_;
};

/// Waits until each window that is open now is closed: no child holds a copy of what was closed before the call.
/// Windows that open meanwhile do not matter. Not to be called within a window.
void await_copies();

}  // namespace base
}  // namespace netrig
