// Times for people.
#pragma once

#include <chrono>

namespace netrig {

/// `span` as a number of milliseconds, fractions included.
inline double in_milliseconds(std::chrono::nanoseconds span) {
  return std::chrono::duration<double, std::milli>{span}.count();
}

}  // namespace netrig
