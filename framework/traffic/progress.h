// A line on a terminal that says how far a long measurement is; nothing at all where nobody watches.
//
//   load.run.interval = 250ms;
//   load.run.on_interval = show_progress("tcp left to right", load.duration);   // tcp left to right  41%  38.1 Gbit/s
#pragma once

#include <netrig/traffic/measurement.h>

#include <chrono>
#include <functional>
#include <string>
#include <unistd.h>

namespace netrig::traffic {

/// For RunOptions::on_interval: rewrites one line of the terminal `fd` at each sample, and wipes it when the last copy
/// of what this returns goes. `whole`: how long the measurement sends; 0: not known, seconds are shown then. Where `fd`
/// is no terminal (CI, a pipe, a file), or TERM is `dumb`, an empty function: nothing is written, ever. `fd` must stay
/// open as long.
std::function<void(const Interval&)> show_progress(std::string what, std::chrono::nanoseconds whole = {},
                                                   int fd = STDERR_FILENO);

}  // namespace netrig::traffic
