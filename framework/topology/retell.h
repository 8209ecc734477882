// Private to the module: a visit of a packet's in the words that people use: names for numbers, texts for handles.
#pragma once

#include <netrig/topology/journey.h>
#include <netrig/topology/lab_trace.h>
#include <netrig/topology/path.h>

#include <string>
#include <vector>

namespace netrig {
inline namespace topology {

/// Only once the trace has stopped. A visit that ended with a drop ends with that decision.
PathHop retell(LabTrace& trace, const Visit& visit);

/// The name of the interface with that number in a node's network; empty for 0.
std::string interface_name(const Node& node, std::uint32_t index);

/// How a packet refuses, as nft names it: `tcp reset`, `port-unreachable`; empty: it does not.
std::string refusal(const nft::TracedPacket& packet);

/// `dnat to 10.2.0.2:80, snat to 203.0.113.1:40312`, of the whole way.
std::string translations(const std::vector<PathHop>& hops);

}  // namespace topology
}  // namespace netrig
