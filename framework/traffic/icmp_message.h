// Echo requests and what may come back, as bytes. Private to the module.
#pragma once

#include <netrig/net/ip_address.h>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace netrig::traffic {

/// An echo request of the family, with `size` bytes of payload. IPv4: with checksum; IPv6: the kernel fills it in.
std::vector<std::uint8_t> echo_request(AddressFamily family, std::uint16_t id, std::uint16_t sequence,
                                       std::size_t size);

/// An ICMP message about one of our requests.
struct EchoAnswer {
  bool is_reply = false;  ///< else an error message
  std::uint16_t sequence = 0;
  std::uint8_t type = 0, code = 0;
  std::uint32_t mtu = 0;  ///< of "too big"
};

/// Reads an ICMP message (without IP header). Nothing when it is not about a request with this id to this destination.
std::optional<EchoAnswer> read_answer(const IpAddress& destination, std::uint16_t id,
                                      std::span<const std::uint8_t> message);

/// What ping(8) calls an error of this type and code.
std::string describe_icmp(AddressFamily family, std::uint8_t type, std::uint8_t code, std::uint32_t mtu);

}  // namespace netrig::traffic
