#include <netrig/base/signal_name.h>

#include <cstring>

namespace netrig {
inline namespace base {

std::string describe_signal(int signal) {
  const char* const name = ::sigabbrev_np(signal);
  return "signal " + std::to_string(signal) + (name == nullptr ? "" : " (SIG" + std::string{name} + ")");
}

}  // namespace base
}  // namespace netrig
