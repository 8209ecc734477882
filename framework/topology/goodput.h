// Goodput between two machines of a lab, measured until it is exact: repeat.h for what measure.h does once.
//
//   const auto veth = goodput(left, right, {.duration = 200ms});             // repeated, as exact as Repetition asks
//   const auto change = value_or_throw(traffic::compare_in_turn(goodput_of(a, b, load), goodput_of(c, d, load)));
#pragma once

#include <netrig/topology/measure.h>
#include <netrig/traffic/repeat.h>

namespace netrig {
inline namespace topology {

/// One measurement of the goodput at the receiver, in bit/s, for traffic::repeat() and traffic::compare_in_turn(), with
/// the first of TcpResult::spoilers(). Holds the nodes.
[[nodiscard]] traffic::Measure goodput_of(const Node& from, const Node& to, const traffic::TcpLoad& load,
                                          AddressFamily family = AddressFamily::ipv4);

/// traffic::repeat() of it. Throws SetupError with the errors of both.
[[nodiscard]] traffic::Repeated goodput(const Node& from, const Node& to, const traffic::TcpLoad& load,
                                        const traffic::Repetition& repetition = {},
                                        AddressFamily family = AddressFamily::ipv4);

}  // namespace topology
}  // namespace netrig
