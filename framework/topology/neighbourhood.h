// Private to the module: who meets whom on which link, for the automatic routes.
#pragma once

#include <netrig/topology/planner.h>

#include <map>
#include <optional>
#include <vector>

namespace netrig {
inline namespace topology {

/// One router's presence on a segment.
struct Gateway {
  InterfaceRef interface;
  bool offers = true;  ///< forwards for others there: does not masquerade out of it
};

class Neighbourhood {
 public:
  explicit Neighbourhood(Planner& planner);

  /// The broadcast domain of an interface; none for a bridge port.
  [[nodiscard]] std::optional<std::size_t> domain_of(InterfaceRef interface) const;
  /// Every interface with a domain there, bridges first.
  [[nodiscard]] const std::vector<InterfaceRef>& members(std::size_t domain) const { return members_.at(domain); }
  /// The routers on the interface's link, its own node included.
  [[nodiscard]] const std::vector<Gateway>& gateways_near(InterfaceRef interface) const;
  /// Whether its node translates what leaves by it, and so hides what is behind.
  [[nodiscard]] bool masquerades_out_of(InterfaceRef ref) const;
  /// The first address of the family.
  [[nodiscard]] std::optional<IpAddress> address_of(InterfaceRef ref, AddressFamily family) const;
  [[nodiscard]] const PlannedInterface& at(InterfaceRef ref) const {
    return planner_.plan.nodes[ref.node].interfaces[ref.interface];
  }

 private:
  void add(std::size_t domain, InterfaceRef ref);

  Planner& planner_;
  std::map<std::size_t, std::vector<Gateway>> gateways_;  // by broadcast domain
  std::map<std::size_t, std::vector<InterfaceRef>> members_;
  std::map<InterfaceRef, std::size_t> domain_of_;
};

/// Whether one of the interface's prefixes holds the address.
bool is_on_link(const PlannedInterface& interface, const IpAddress& address);

/// The metric of an automatic route. The kernel's default is 0 for IPv4 and 1024 for IPv6 (IP6_RT_PRIO_USER in
/// include/uapi/linux/ipv6_route.h), and its routes to what it is attached to have 0 and 256: `cost` counts from there.
std::uint32_t metric_of(AddressFamily family, std::uint32_t cost);

/// What the kernel takes `metric` for when a route is added.
std::uint32_t effective_metric(AddressFamily family, std::uint32_t metric);

/// Between the first and each further route to one destination.
inline constexpr std::uint32_t kBackupMetricStep = 100;

/// Adds the routes that take over when a router's own link fails: see backup_routes.cc.
void add_backup_routes(Planner& planner, const Neighbourhood& neighbourhood);

}  // namespace topology
}  // namespace netrig
