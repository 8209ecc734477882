// Private to the module: which firewall rules of a node could stop a packet, and which of them did.
#pragma once

#include <netrig/net/ip_address.h>
#include <netrig/net/port.h>
#include <netrig/nft/counted.h>
#include <netrig/traffic/service.h>

#include <optional>
#include <vector>

namespace netrig {
inline namespace topology {

/// A packet of a probe, as far as it is known: where addresses are translated on the way, only its protocol is.
struct ProbePacket {
  AddressFamily family = AddressFamily::ipv4;
  nft::Protocol protocol = nft::Protocol::icmp;
  std::optional<IpAddress> source = {}, destination = {};
  std::optional<Port> source_port = {}, destination_port = {};

  /// The packet that asks, from `source` (when known) to `destination`.
  static ProbePacket request(const std::optional<IpAddress>& source, const IpAddress& destination,
                             const traffic::Service& service);
  /// Its answer.
  [[nodiscard]] ProbePacket answer() const;
  /// What is left of it when addresses and ports may have been translated.
  [[nodiscard]] ProbePacket translated() const;
};

/// How a packet meets a node.
enum class Encounter : std::uint8_t {
  sent,      ///< by the node itself
  received,  ///< by the node itself
  routed,
  either,  ///< received or routed: the node may translate the destination
  bridged,
};

/// The rules and policies that drop or reject, which the packet would meet and which want nothing that it is not.
std::vector<nft::Counted> possible_blockers(const nft::Ruleset& ruleset, Encounter encounter,
                                            const ProbePacket& packet);
/// Those whose counter rose from `before` to `after`.
std::vector<nft::Counted> seen_blocking(const nft::Ruleset& before, const nft::Ruleset& after, Encounter encounter,
                                        const ProbePacket& packet);
/// Whether it has a chain that translates addresses.
bool translates(const nft::Ruleset& ruleset);

}  // namespace topology
}  // namespace netrig
