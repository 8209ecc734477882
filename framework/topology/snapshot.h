// What one node looked like at one moment, as values: assertions compare them, failures print them.
//
//   Snapshot seen = gw.snapshot();
//   seen.find_link("eth0")->carrier;
//   std::cout << seen;            // sections as ip link, ip address, ip route, ..., nft list ruleset print them
#pragma once

#include <netrig/netlink/address.h>
#include <netrig/netlink/fdb.h>
#include <netrig/netlink/link.h>
#include <netrig/netlink/mdb.h>
#include <netrig/netlink/neighbour.h>
#include <netrig/netlink/route.h>
#include <netrig/netlink/rule.h>
#include <netrig/nft/conntrack.h>
#include <netrig/nft/ruleset.h>

#include <iosfwd>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace netrig {
inline namespace topology {

/// The state of a node that decides what becomes of its packets.
struct Snapshot {
  std::string node;
  std::vector<netlink::Link> links;
  std::vector<netlink::Address> addresses;
  std::vector<netlink::Route> routes;  ///< of the main table, both families
  std::vector<netlink::Rule> policy_rules;
  std::vector<netlink::Neighbour> neighbours;
  std::vector<netlink::FdbEntry> fdb;
  std::vector<netlink::MdbEntry> mdb;
  nft::Ruleset ruleset;
  std::vector<nft::ConntrackEntry> connections;
  /// Those that decide about forwarding: see kShownSysctls in the source; of an interface where it differs from `all`.
  std::map<std::string, std::string> sysctls;

  [[nodiscard]] const netlink::Link* find_link(std::string_view name) const;
  /// The setting for all interfaces.
  [[nodiscard]] bool forwards(AddressFamily family) const;
  /// What comes in by that interface. IPv4: net.ipv4.conf.IF.forwarding. IPv6: the setting for all interfaces, or
  /// net.ipv6.conf.IF.force_forwarding (Linux 6.17); net.ipv6.conf.IF.forwarding is about router advertisements alone.
  [[nodiscard]] bool forwards(AddressFamily family, std::string_view incoming) const;
  /// net.ipv4.conf.IF.rp_filter; the kernel takes the greater one of this and of `all`.
  [[nodiscard]] int reverse_path_filter(std::string_view interface) const;
  /// 0 where the setting was not seen.
  [[nodiscard]] int number(const std::string& setting) const;

  /// Sections headed `$ ip link` and so on, each as the tool prints it; empty sections are left out.
  [[nodiscard]] std::string to_string() const;
};

std::ostream& operator<<(std::ostream& out, const Snapshot& snapshot);

}  // namespace topology
}  // namespace netrig
