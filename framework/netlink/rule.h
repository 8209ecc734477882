// Policy rules: which routing table a packet is looked up in.
//
//   batch.add(Rule{.family = AddressFamily::ipv4, .priority = 100, .from = *IpPrefix::parse("10.1.0.0/24"), .table =
//   7});
#pragma once

#include <netrig/net/address_family.h>
#include <netrig/net/ip_prefix.h>
#include <netrig/netlink/device.h>
#include <netrig/netlink/route.h>

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace netrig::netlink {

/// What a rule does with the packets that it matches (FR_ACT_*).
enum class RuleAction : std::uint8_t { lookup = 1, goto_ = 2, nop = 3, blackhole = 6, unreachable = 7, prohibit = 8 };

/// First and last, both included.
struct PortRange {
  std::uint16_t first = 0, last = 0;
  friend bool operator==(const PortRange&, const PortRange&) = default;
};

/// A policy rule: a request, or what a dump gave (ip-rule(8)). What is not given matches everything.
struct Rule {
  AddressFamily family = AddressFamily::ipv4;
  std::optional<std::uint32_t> priority = {};  ///< lower comes first; not given: the kernel chooses, below the lowest
  bool invert = false;                         ///< `not`
  std::optional<IpPrefix> from = {}, to = {};
  std::optional<InterfaceName> incoming = {}, outgoing = {};
  std::optional<std::uint32_t> mark = {}, mark_mask = {};
  std::uint8_t tos = 0;
  std::optional<std::uint8_t> ip_protocol = {};
  std::optional<PortRange> source_ports = {}, destination_ports = {};
  std::optional<std::uint32_t> uid_first = {}, uid_last = {};
  bool l3mdev = false;  ///< the table of the packet's VRF
  RuleAction action = RuleAction::lookup;
  std::uint32_t table = kMainTable;  ///< for RuleAction::lookup
  std::optional<std::uint32_t> goto_priority = {};
  std::optional<std::uint32_t> suppress_prefix_length = {};
  RouteProtocol protocol = RouteProtocol::unspecified;

  /// As `ip rule` prints it: `100:	from 10.1.0.0/24 lookup 7`.
  [[nodiscard]] std::string to_string() const;
  friend bool operator==(const Rule&, const Rule&) = default;
};

std::ostream& operator<<(std::ostream& out, const Rule& rule);

/// All rules of one family, or of both (IPv4 first), by priority.
Result<std::vector<Rule>> dump_rules(Socket& socket, std::optional<AddressFamily> family = {});

}  // namespace netrig::netlink
