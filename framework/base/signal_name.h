// Signals in words.
#pragma once

#include <string>

namespace netrig {
inline namespace base {

/// `signal 31 (SIGSYS)`; one without a name, such as a real-time signal, prints as `signal 40`: sigabbrev_np(3).
std::string describe_signal(int signal);

}  // namespace base
}  // namespace netrig
