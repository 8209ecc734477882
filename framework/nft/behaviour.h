// The words in which NATs and firewalls are described: RFC 4787 (UDP), RFC 5382 (TCP), RFC 6092 (IPv6).
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <iosfwd>
#include <string_view>

namespace netrig::nft {

/// When an inside address and port keeps its outside address and port. RFC 4787 section 4.1, RFC 5382 section 4.1.
enum class Mapping : std::uint8_t {
  endpoint_independent,        ///< whoever it sends to
  address_dependent,           ///< for one outside address, whatever its port
  address_and_port_dependent,  ///< for one outside address and port only: "symmetric"
};
/// `endpoint-independent`, `address-dependent`, `address-and-port-dependent`
std::string_view to_string(Mapping mapping);
std::ostream& operator<<(std::ostream& out, Mapping mapping);

/// Who may send to an inside address and port that has sent something out. RFC 4787 section 5, RFC 5382 section 4.3.
enum class Filtering : std::uint8_t {
  endpoint_independent,        ///< everybody: "full cone"
  address_dependent,           ///< the addresses it sent to: "restricted cone"
  address_and_port_dependent,  ///< the addresses and ports it sent to: "port-restricted cone"
};
/// `endpoint-independent`, `address-dependent`, `address-and-port-dependent`
std::string_view to_string(Filtering filtering);
std::ostream& operator<<(std::ostream& out, Filtering filtering);

/// How long what a NAT or a firewall remembers of a flow outlives its last packet. The defaults are what the RFCs
/// recommend; Linux's own are 30 s for UDP that nobody answered, 120 s for what was, and 5 days for TCP.
struct IdleTimeouts {
  /// RFC 4787 REQ-5: at least 2 minutes, 5 recommended. Also while nobody has answered.
  std::chrono::seconds udp{300};
  /// RFC 5382 REQ-5: at least 2 hours 4 minutes.
  std::chrono::seconds tcp_established{7440};
  /// Of a connection that is being opened or closed. RFC 5382 REQ-5: at least 4 minutes.
  std::chrono::seconds tcp_transitory{240};
  friend auto operator<=>(const IdleTimeouts&, const IdleTimeouts&) = default;
};

}  // namespace netrig::nft
