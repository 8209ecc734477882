// What became of a packet, in one word.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string_view>

namespace netrig {
inline namespace topology {

/// Why an answer came, or did not.
enum class Verdict : std::uint8_t {
  accepted,       ///< the question was answered
  dropped,        ///< by a rule or a policy, without a word
  rejected,       ///< by a rule, which told the sender (an ICMP error or an RST)
  no_listener,    ///< it came to the destination, where nothing listens
  no_route,       ///< a node on the way knows no way on, or a route that refuses
  not_forwarded,  ///< a node on the way does not forward
  reverse_path,   ///< a node on the way refuses the source: its reverse-path filter (rp_filter), or a martian
  no_neighbour,   ///< the next hop did not answer ARP or neighbour discovery
  link_down,      ///< a link on the way is down
  ignored,        ///< it was delivered, and the destination kept silent
  unknown,        ///< nothing that was seen tells
};

/// `dropped`, `no listener`
std::string_view to_string(Verdict verdict);
std::ostream& operator<<(std::ostream& out, Verdict verdict);

}  // namespace topology
}  // namespace netrig
