// Private to the module: a packet's way through a lab, put together from what was traced in each node.
#pragma once

#include <netrig/nft/trace_event.h>
#include <netrig/topology/lab_trace.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace netrig {
inline namespace topology {

/// Whether a packet answers another one, as that was seen last: it comes from there, or is an ICMP error that quotes
/// it.
bool is_answer(const nft::TracedPacket& answer, const nft::TracedPacket& question);

/// One node's dealings with one packet.
struct Visit {
  std::size_t node = 0;                      ///< position in the trace
  std::vector<nft::TraceEvent> events = {};  ///< in order; headers as of each chain's beginning
  nft::TracedPacket first, last;             ///< as it came in, and as it was seen last: translated, perhaps
  nft::Waypoint came;                        ///< arrived, or sent
  nft::Waypoint reached;                     ///< the last one: how far it got
  std::uint32_t incoming = 0, outgoing = 0;
  std::optional<nft::TraceEvent> drop = {};  ///< of a rule or a policy

  /// Met as a frame, on a bridge.
  [[nodiscard]] bool bridged() const;
};

/// All visits of a trace, and how they belong together.
class Journeys {
 public:
  /// Of what `trace` has collected so far. The trace must outlive it.
  explicit Journeys(const LabTrace& trace);

  /// Node by node, in order.
  [[nodiscard]] const std::vector<Visit>& visits() const { return visits_; }
  /// The packet's visits from `start` (a position in visits()) to its end: each next one has the headers that the one
  /// before had last, where a cable leads if possible; a bridge of the node's own comes in between, and a device on top
  /// of the one that it came in by.
  [[nodiscard]] std::vector<std::size_t> follow(std::size_t start) const;

 private:
  [[nodiscard]] std::optional<std::size_t> next(const Visit& here, const std::set<std::size_t>& used) const;

  const LabTrace& trace_;
  std::vector<Visit> visits_;
  std::map<nft::TracedPacket, std::vector<std::size_t>> arrivals_;
  std::map<nft::TracedPacket, std::vector<std::size_t>> framed_;  // sent by a bridge of the node that sent or passed it
};

}  // namespace topology
}  // namespace netrig
