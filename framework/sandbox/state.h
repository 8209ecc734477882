// What enter() found out, for the rest of the module. Private to the module.
#pragma once

#include <netrig/sandbox/marker.h>

#include <string>

namespace netrig::sandbox {

struct State {
  Marker marker;        ///< mode `outside` when not inside
  std::string why_not;  ///< empty when inside
};

/// The process's own. Written by enter() alone, before there are threads.
State& state() noexcept;

}  // namespace netrig::sandbox
